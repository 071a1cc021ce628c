// conntrack.cpp - see conntrack.h.

#include "network/conntrack.h"

#include <linux/in.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/str.h"
#include "network/address.h"
#include "network/netlink.h"

namespace kist::network {
namespace {

constexpr unsigned kAtOnce = 500;  // flows in one message
constexpr int kMaxRounds = 200;

constexpr uint16_t request(uint16_t what)
{
    return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | what);
}

struct Search {
    Address targets[2];  // of the endpoint
    const Vector<Port>& ports;
    Message removal;
    unsigned found = 0;
};

uint16_t port_of(const Attributes& protocol, uint16_t type)
{
    std::string_view port = protocol.find(type);
    if (port.size() != sizeof(uint16_t))
        return 0;
    return static_cast<uint16_t>(static_cast<uint8_t>(port[0]) << 8 |
                                 static_cast<uint8_t>(port[1]));
}

// The reply of a flow that was sent on comes from where it went.
bool is_stale(const Search& search, const Attributes& flow)
{
    Attributes from = flow.nest(CTA_TUPLE_ORIG).nest(CTA_TUPLE_PROTO);
    Attributes reply = flow.nest(CTA_TUPLE_REPLY);
    Attributes addresses = reply.nest(CTA_TUPLE_IP);
    std::string_view source4 = addresses.find(CTA_IP_V4_SRC);
    std::string_view source = source4.empty() ? addresses.find(CTA_IP_V6_SRC) : source4;
    std::string_view number = from.find(CTA_PROTO_NUM);
    uint32_t status = flow.number32_be(CTA_STATUS);
    bool here = !source.empty() &&
                (source == search.targets[0].view() || source == search.targets[1].view());
    for (const Port& port : search.ports) {
        bool udp = port.protocol == Protocol::udp;
        if (number.empty() || number[0] != (udp ? IPPROTO_UDP : IPPROTO_TCP))
            continue;
        if (status & IPS_DST_NAT ? here && port_of(reply.nest(CTA_TUPLE_PROTO),
                                                   CTA_PROTO_SRC_PORT) == port.container_port
                                 : udp && !(status & IPS_SRC_NAT) &&
                                       port_of(from, CTA_PROTO_DST_PORT) == port.host_port)
            return true;
    }
    return false;
}

void take_flow(void* context, const Reply& reply)
{
    auto& search = *static_cast<Search*>(context);
    auto flow = reply.attributes<nfgenmsg>();
    if (search.found == kAtOnce || !is_stale(search, flow))
        return;
    search.found++;
    search.removal.begin(request(IPCTNL_MSG_CT_DELETE), 0, reply.header<nfgenmsg>());
    search.removal.bytes(CTA_TUPLE_ORIG | NLA_F_NESTED, flow.find(CTA_TUPLE_ORIG));
    std::string_view zone = flow.find(CTA_ZONE);
    if (!zone.empty())
        search.removal.bytes(CTA_ZONE, zone);
}

}  // namespace

Result<void> forget_flows(const Endpoint& endpoint, const Vector<Port>& ports)
{
    Search search = {.ports = ports};
    int count = 0;
    for (const String* text : {&endpoint.address, &endpoint.address6}) {
        std::string_view rest = *text;
        if (!rest.empty())
            search.targets[count++] = TRY(Address::parse(String(str::cut(rest, '/'))));
    }
    Netlink netlink = TRY(Netlink::open(NETLINK_NETFILTER));
    bool more = !ports.empty();
    for (int round = 0; round < kMaxRounds && more; round++) {
        Message message;
        message.begin(request(IPCTNL_MSG_CT_GET), NLM_F_DUMP, nfgenmsg{});
        auto heard = netlink.dump(message, take_flow, &search);
        if (!heard && (heard.error().is(EINVAL) || heard.error().is(EOPNOTSUPP)))
            return {};  // without the module nf_conntrack_netlink
        if (!heard)
            return std::move(heard).error();
        if (search.found > 0)
            (void)netlink.request(search.removal);  // ENOENT: one has ended meanwhile
        more = search.found == kAtOnce;
        search.removal = {};
        search.found = 0;
    }
    return {};
}

}  // namespace kist::network
