// conntrack.cpp - see conntrack.h.

#include "network/conntrack.h"

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

// Whether a port, as it is in an attribute, is this one.
bool is_port(std::string_view bytes, uint16_t port)
{
    const char wanted[] = {static_cast<char>(port >> 8), static_cast<char>(port)};
    return bytes == std::string_view(wanted, sizeof wanted);
}

// The reply of a flow that was sent on comes from where it went.
bool is_stale(const Search& search, const Attributes& flow)
{
    Attributes from = flow.nest(CTA_TUPLE_ORIG).nest(CTA_TUPLE_PROTO);
    Attributes reply = flow.nest(CTA_TUPLE_REPLY);
    Attributes addresses = reply.nest(CTA_TUPLE_IP);
    std::string_view source = addresses.find(CTA_IP_V4_SRC);
    if (source.empty())
        source = addresses.find(CTA_IP_V6_SRC);
    bool udp = from.find(CTA_PROTO_NUM) == std::string_view("\x11", 1);
    uint32_t status = flow.number32_be(CTA_STATUS);
    bool sent_on = status & IPS_DST_NAT;
    if (sent_on ? source != search.targets[0].view() && source != search.targets[1].view()
                : !udp || status & IPS_SRC_NAT)
        return false;
    std::string_view port = sent_on ? reply.nest(CTA_TUPLE_PROTO).find(CTA_PROTO_SRC_PORT)
                                    : from.find(CTA_PROTO_DST_PORT);
    for (const Port& each : search.ports)
        if (udp == (each.protocol == Protocol::udp) &&
            is_port(port, sent_on ? each.container_port : each.host_port))
            return true;
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
    for (const String* text : {&endpoint.address, &endpoint.address6})
        if (!text->empty())
            search.targets[count++] = TRY(Subnet::around(*text)).base;
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
