// obstacles.cpp - find_obstacles() of firewall.h.
//
// A packet passes when no table drops it: that ours accepts it does not help where another's chain
// drops what it does not know.  Such a chain drops by its policy, or by a rule without a condition.
// A table that has the bridge's name in a rule has been told already.

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <sys/socket.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/sys.h"
#include "network/firewall.h"
#include "network/netlink.h"

namespace kist::network {
namespace {

constexpr size_t kMaxTables = 200;
constexpr unsigned kMaxLegacy = 16 << 20;  // bytes of rules

// Who made a table tells how a name in it begins: of a chain, or its own.  What is in capitals, and
// iptables for ip6tables, is replaced.
// clang-format off
constexpr const char* kByIptables = "iptables -I MARK -i BRIDGE -j ACCEPT; iptables -I MARK -o BRIDGE -j ACCEPT";
constexpr struct { const char* mark; const char* remedy; } kTools[] = {
    {"DOCKER-USER", kByIptables},
    {"ufw",         "ufw route allow in on BRIDGE; ufw route allow out on BRIDGE"},
    {"firewalld",   "firewall-cmd --permanent --zone=trusted --add-interface=BRIDGE; firewall-cmd --reload"},
    {"FORWARD",     kByIptables},
    {"",            "nft insert rule CHAIN iifname BRIDGE accept; nft insert rule CHAIN oifname BRIDGE accept"},
};
// clang-format on
constexpr size_t kAnyTool = std::size(kTools) - 1;

struct Foreign {
    uint8_t family = 0;
    String table;
    String chain;        // of the forward hook
    bool drops = false;  // what none of its rules accepts
    bool knows = false;  // the bridge
    size_t tool = kAnyTool;

    void note(std::string_view name)
    {
        for (size_t i = 0; i < tool; i++)
            if (name.starts_with(kTools[i].mark))
                tool = i;
    }
};

struct Search {
    String link;  // with the NUL behind it
    Vector<Foreign> tables;
};

// The table that `reply` is about; null when it is ours or sees no packets of ours.
Foreign* table_of(Search& search, const Reply& reply, std::string_view name)
{
    uint8_t family = reply.header<nfgenmsg>().nfgen_family;
    for (Foreign& each : search.tables)
        if (each.family == family && each.table == name)
            return &each;
    bool passes = family == NFPROTO_INET || family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
    if (!passes || name == "kist" || search.tables.size() == kMaxTables)
        return nullptr;
    search.tables.push_back({.family = family, .table = String(name)});
    search.tables.back().note(name);
    return &search.tables.back();
}

void take_chain(void* context, const Reply& reply)
{
    auto chain = reply.attributes<nfgenmsg>();
    Foreign* table = table_of(*static_cast<Search*>(context), reply, chain.text(NFTA_CHAIN_TABLE));
    if (!table)
        return;
    std::string_view name = chain.text(NFTA_CHAIN_NAME);
    table->note(name);
    Attributes hook = chain.nest(NFTA_CHAIN_HOOK);
    if (hook.number32_be(NFTA_HOOK_HOOKNUM, NF_INET_NUMHOOKS) != NF_INET_FORWARD || table->drops ||
        chain.text(NFTA_CHAIN_TYPE) != "filter")
        return;
    table->chain = name;
    table->drops = chain.number32_be(NFTA_CHAIN_POLICY, NF_ACCEPT) == NF_DROP;
}

// Whether a rule drops or rejects each packet that comes to it.
bool drops_all(Attributes expressions)
{
    bool drops = false;
    std::string_view each;
    for (uint16_t type; expressions.next(type, each);) {
        std::string_view name = Attributes(each).text(NFTA_EXPR_NAME);
        Attributes data = Attributes(each).nest(NFTA_EXPR_DATA);
        if (name == "immediate") {
            Attributes value = data.nest(NFTA_IMMEDIATE_DATA).nest(NFTA_DATA_VERDICT);
            drops = value.number32_be(NFTA_VERDICT_CODE, NF_ACCEPT) == NF_DROP;
        } else if (name == "reject" ||
                   (name == "target" && data.text(NFTA_TARGET_NAME) == "REJECT")) {
            drops = true;
        } else if (name != "counter" && name != "log") {
            return false;
        }
    }
    return drops;
}

void take_rule(void* context, const Reply& reply)
{
    auto& search = *static_cast<Search*>(context);
    auto rule = reply.attributes<nfgenmsg>();
    Foreign* table = table_of(search, reply, rule.text(NFTA_RULE_TABLE));
    if (!table)
        return;
    table->knows |= rule.find(NFTA_RULE_EXPRESSIONS).find(search.link) != String::npos;
    if (rule.text(NFTA_RULE_CHAIN) == table->chain)
        table->drops |= drops_all(rule.nest(NFTA_RULE_EXPRESSIONS));
}

Result<void> dump(Netlink& netlink, uint16_t what, OnReply each, Search& search)
{
    Message message;
    message.begin(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what), NLM_F_DUMP, nfgenmsg{});
    auto heard = netlink.dump(message, each, &search);
    bool lacking = !heard && (heard.error().is(EINVAL) || heard.error().is(EOPNOTSUPP));
    return lacking ? Result<void>() : std::move(heard);
}

// The rules of iptables' older way, which nf_tables does not list; "" when there are none.  Asking
// would make the table, so /proc is asked first.
String legacy_rules(ipt_getinfo& info)
{
    auto names = fs::read_path("/proc/net/ip_tables_names");
    Fd socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    socklen_t size = sizeof info;
    info = {.name = "filter"};
    if (!names || names->find("filter\n") == String::npos || !socket.is_open() ||
        ::getsockopt(socket.get(), IPPROTO_IP, IPT_SO_GET_INFO, &info, &size) != 0 ||
        info.size > kMaxLegacy)
        return {};
    ipt_get_entries head = {.name = "filter", .size = info.size};
    String entries(sizeof head + info.size, '\0');
    memcpy(entries.data(), &head, sizeof head);
    size = static_cast<socklen_t>(entries.size());
    if (::getsockopt(socket.get(), IPPROTO_IP, IPT_SO_GET_ENTRIES, entries.data(), &size) != 0)
        return {};
    return entries.erase(0, sizeof head);
}

void find_legacy(Search& search)
{
    ipt_getinfo info;
    String rules = legacy_rules(info);
    size_t policy = info.underflow[NF_INET_FORWARD];  // the entry with a chain's policy
    ipt_entry entry;
    if (rules.size() < sizeof entry || policy > rules.size() - sizeof entry)
        return;
    memcpy(&entry, rules.data() + policy, sizeof entry);
    xt_standard_target target;
    size_t at = policy + entry.target_offset;
    if (rules.size() < sizeof target || at > rules.size() - sizeof target)
        return;
    memcpy(&target, rules.data() + at, sizeof target);
    Foreign table = {.family = NFPROTO_IPV4, .table = "filter", .chain = "FORWARD"};
    table.drops = target.verdict == -NF_DROP - 1;
    table.knows = rules.find(std::string_view(search.link)) != String::npos;
    for (const auto& tool : kTools)  // names of chains are in the rules that begin them
        if (rules.find(tool.mark) != String::npos)
            table.note(tool.mark);
    table.note("FORWARD");
    search.tables.push_back(std::move(table));
}

void replace_all(String& text, std::string_view from, std::string_view to)
{
    for (size_t at = 0; (at = text.find(from, at)) != String::npos; at += to.size())
        text.replace(at, from.size(), to);
}

Obstacle describe(const Foreign& table, const String& link)
{
    const char* family = table.family == NFPROTO_INET   ? "inet"
                         : table.family == NFPROTO_IPV6 ? "ip6"
                                                        : "ip";
    Obstacle obstacle;
    obstacle.chain = str::format("%s %s %s", family, table.table.c_str(), table.chain.c_str());
    obstacle.remedy = kTools[table.tool].remedy;
    replace_all(obstacle.remedy, "MARK", kTools[table.tool].mark);
    replace_all(obstacle.remedy, "BRIDGE", link);
    replace_all(obstacle.remedy, "CHAIN", obstacle.chain);
    if (table.family == NFPROTO_IPV6)
        replace_all(obstacle.remedy, "iptables", "ip6tables");
    return obstacle;
}

}  // namespace

Result<Vector<Obstacle>> find_obstacles(const Network& network)
{
    Search search = {.link = network.link};
    search.link.push_back('\0');
    Netlink netlink = TRY(Netlink::open(NETLINK_NETFILTER));
    TRY(dump(netlink, NFT_MSG_GETCHAIN, take_chain, search), "cannot list other firewalls");
    TRY(dump(netlink, NFT_MSG_GETRULE, take_rule, search), "cannot list other firewalls");
    find_legacy(search);
    Vector<Obstacle> obstacles;
    for (const Foreign& each : search.tables)
        if (each.drops && !each.knows && (each.family != NFPROTO_IPV6 || network.ipv6))
            obstacles.push_back(describe(each, network.link));
    return obstacles;
}

}  // namespace kist::network
