// route.cpp - see route.h.

#include "network/route.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/str.h"

namespace kist::network {
namespace {

constexpr uint8_t kMacPrefix[] = {0x02, 0x42};  // administered locally

unsigned char family_of(const Address& address)
{
    return address.is_v6() ? AF_INET6 : AF_INET;
}

// A request about the link `name`; attributes may follow.
void begin_link(Message& message, uint16_t type, uint16_t flags, const String& name,
                unsigned state = 0)
{
    message.begin(type, NLM_F_ACK | flags, ifinfomsg{.ifi_flags = state, .ifi_change = state});
    message.text(IFLA_IFNAME, name);
}

void set_mtu(Message& message, uint32_t mtu)
{
    if (mtu)
        message.number32(IFLA_MTU, mtu);
}

void note_index(void* context, const Reply& reply)
{
    if (reply.type == RTM_NEWLINK)
        *static_cast<int*>(context) = reply.header<ifinfomsg>().ifi_index;
}

struct Found {
    Vector<Subnet> subnets;
    int link = 0;  // addresses of this one only
    bool too_many = false;

    void add(std::string_view address, unsigned bits)
    {
        Subnet subnet = {.bits = bits};
        if (address.size() != 4 && address.size() != sizeof subnet.base.bytes)
            return;
        memcpy(subnet.base.bytes, address.data(), address.size());
        subnet.base.size = static_cast<uint8_t>(address.size());
        too_many |= subnets.size() >= kMaxSubnets;
        if (!too_many)
            subnets.push_back(subnet);
    }
};

void note_address(void* context, const Reply& reply)
{
    auto found = static_cast<Found*>(context);
    auto header = reply.header<ifaddrmsg>();
    if (reply.type != RTM_NEWADDR || (found->link && header.ifa_index != unsigned(found->link)))
        return;
    Attributes attributes = reply.attributes<ifaddrmsg>();
    std::string_view local = attributes.find(IFA_LOCAL);  // without it both ends are the same
    found->add(local.empty() ? attributes.find(IFA_ADDRESS) : local, header.ifa_prefixlen);
}

void note_route(void* context, const Reply& reply)
{
    auto header = reply.header<rtmsg>();
    if (reply.type == RTM_NEWROUTE && header.rtm_dst_len &&
        (header.rtm_table == RT_TABLE_MAIN || header.rtm_table == RT_TABLE_LOCAL))
        static_cast<Found*>(context)->add(reply.attributes<rtmsg>().find(RTA_DST),
                                          header.rtm_dst_len);
}

Result<void> list_addresses(Netlink& route, Found& found)
{
    Message message;
    message.begin(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    return route.dump(message, note_address, &found);
}

}  // namespace

Result<Mac> Mac::parse(const String& text)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    Mac mac;
    for (size_t i = 0; i < text.size(); i++) {
        size_t digit = kDigits.find(static_cast<char>(text[i] | 0x20));
        uint8_t& byte = mac.bytes[i / 3 % sizeof mac.bytes];
        if (i % 3 == 2 ? text[i] != ':' : digit == kDigits.npos)
            break;
        if (i % 3 != 2)
            byte = static_cast<uint8_t>(byte << 4 | digit);
        if (i == 16 && text.size() == 17)
            return mac;
    }
    return Error(EINVAL, "\"%s\" is no address of a network card", text.c_str());
}

String Mac::text() const
{
    const uint8_t* b = bytes;
    return str::format("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

Mac Mac::of(const Address& address)
{
    Mac mac;
    memcpy(mac.bytes, kMacPrefix, sizeof kMacPrefix);
    memcpy(mac.bytes + sizeof kMacPrefix, address.bytes, sizeof mac.bytes - sizeof kMacPrefix);
    return mac;
}

// With an address of its own a bridge keeps it, where it would else take that of the lowest port,
// another with each container that comes and goes.  It is given once: the kernel forgets all
// neighbours even when it is the same again.  A port forwards from the first packet on: nothing
// here can make a loop.
Result<void> make_bridge(Netlink& route, const String& name, const Mac& mac, uint32_t mtu)
{
    Result<void> made;
    for (uint16_t flags : {NLM_F_CREATE | NLM_F_EXCL, 0}) {
        Message message;
        begin_link(message, RTM_NEWLINK, flags, name);
        if (flags)
            message.bytes(IFLA_ADDRESS, mac.view());
        set_mtu(message, mtu);
        {
            auto info = message.nest(IFLA_LINKINFO);
            message.text(IFLA_INFO_KIND, "bridge");
            auto data = message.nest(IFLA_INFO_DATA);
            message.number32(IFLA_BR_STP_STATE, 0);
            message.number32(IFLA_BR_FORWARD_DELAY, 0);
        }
        made = route.request(message);
        if (made || !made.error().is(EEXIST))
            break;
    }
    return made;
}

// Two requests in one go: the settings of a port can be given only to a link that is one, and must
// hold before its first packet.  A port in hairpin mode sends packets back where they came from: to
// a container that calls itself by its published port, where br_netfilter is on.
Result<void> make_veth(Netlink& route, const Veth& veth)
{
    int bridge = TRY(find_link(route, veth.bridge));
    Message message;
    begin_link(message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, veth.name);
    message.number32(IFLA_MASTER, static_cast<uint32_t>(bridge));
    set_mtu(message, veth.mtu);
    {
        auto info = message.nest(IFLA_LINKINFO);
        message.text(IFLA_INFO_KIND, "veth");
        auto data = message.nest(IFLA_INFO_DATA);
        auto peer = message.nest(VETH_INFO_PEER);
        ifinfomsg header = {};
        message.raw(&header, sizeof header);
        message.text(IFLA_IFNAME, veth.peer_name);
        message.bytes(IFLA_ADDRESS, veth.peer_mac.view());
        message.number32(IFLA_NET_NS_FD, static_cast<uint32_t>(veth.netns.get()));
        set_mtu(message, veth.mtu);
    }
    begin_link(message, RTM_NEWLINK, 0, veth.name, IFF_UP);
    {
        auto info = message.nest(IFLA_LINKINFO);
        message.text(IFLA_INFO_SLAVE_KIND, "bridge");
        auto data = message.nest(IFLA_INFO_SLAVE_DATA);
        message.number8(IFLA_BRPORT_MODE, 1);
        if (veth.isolated)
            message.number8(IFLA_BRPORT_ISOLATED, 1);
    }
    return route.request(message);
}

Result<int> find_link(Netlink& route, const String& name)
{
    int index = 0;
    Message message;
    begin_link(message, RTM_GETLINK, 0, name);
    TRY(route.request(message, note_index, &index), "no link %s", name.c_str());
    return index;
}

Result<void> bring_up(Netlink& route, const String& name)
{
    Message message;
    begin_link(message, RTM_NEWLINK, 0, name, IFF_UP);
    TRY(route.request(message), "cannot bring up the link %s", name.c_str());
    return {};
}

// Asking whether there is a carrier has the pending work done first (ETHTOOL_GLINK of veths and
// bridges, since Linux 3.2).
void settle_link(Netlink& route, const String& name)
{
    ethtool_value value = {.cmd = ETHTOOL_GLINK};
    ifreq request = {};
    memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof request.ifr_name - 1));
    request.ifr_data = reinterpret_cast<char*>(&value);
    (void)::ioctl(route.socket().get(), SIOCETHTOOL, &request);
}

Result<void> remove_link(Netlink& route, const String& name)
{
    Message message;
    begin_link(message, RTM_DELLINK, 0, name);
    auto removed = route.request(message);
    if (!removed && !removed.error().is(ENODEV))
        return std::move(removed).error().context("cannot remove the link %s", name.c_str());
    return {};
}

// An address of IPv6 is used at once: nobody else can have it, so nobody is asked (RFC 4862).
Result<void> add_address(Netlink& route, int link, const Subnet& address)
{
    Message message;
    message.begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                  ifaddrmsg{.ifa_family = family_of(address.base),
                            .ifa_prefixlen = static_cast<uint8_t>(address.bits),
                            .ifa_flags = IFA_F_NODAD,
                            .ifa_index = static_cast<uint32_t>(link)});
    message.bytes(IFA_LOCAL, address.base.view());
    if (!address.base.is_v6())
        message.bytes(IFA_BROADCAST, address.last().view());
    TRY(route.request(message), "cannot add the address %s", address.text().c_str());
    return {};
}

Result<void> add_default_route(Netlink& route, int link, const Address& gateway)
{
    Message message;
    message.begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                  rtmsg{.rtm_family = family_of(gateway),
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_protocol = RTPROT_BOOT,
                        .rtm_scope = RT_SCOPE_UNIVERSE,
                        .rtm_type = RTN_UNICAST});
    message.bytes(RTA_GATEWAY, gateway.view());
    message.number32(RTA_OIF, static_cast<uint32_t>(link));
    TRY(route.request(message), "cannot make %s the gateway", gateway.text().c_str());
    return {};
}

bool has_v6()
{
    return ::access("/proc/net/if_inet6", F_OK) == 0;
}

// In the table main, behind the subnets of bridges there: the one called local is asked before it.
Result<void> add_local_default(Netlink& route, bool v6)
{
    Message message;
    message.begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
                  rtmsg{.rtm_family = static_cast<unsigned char>(v6 ? AF_INET6 : AF_INET),
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_protocol = RTPROT_BOOT,
                        .rtm_scope = RT_SCOPE_HOST,
                        .rtm_type = RTN_LOCAL});
    message.number32(RTA_OIF, 1);  // lo
    TRY(route.request(message), "cannot make all addresses local");
    return {};
}

Result<Vector<Subnet>> addresses(Netlink& route, int link)
{
    Found found = {.link = link};
    TRY(list_addresses(route, found), "cannot list the addresses of this machine");
    return std::move(found.subnets);
}

Result<Vector<Subnet>> used_subnets()
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    Found found;
    Message message;
    message.begin(RTM_GETROUTE, NLM_F_DUMP, rtmsg{});
    TRY(route.dump(message, note_route, &found), "cannot list the routes of this machine");
    TRY(list_addresses(route, found), "cannot list the addresses of this machine");
    if (found.too_many)
        return Error(E2BIG, "this machine has too many routes to choose a subnet")
            .with_hint("name one with --subnet");
    return std::move(found.subnets);
}

}  // namespace kist::network
