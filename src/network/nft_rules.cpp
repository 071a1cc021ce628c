// nft_rules.cpp - Batch::rules() of nftables.h: a table's text becomes requests.
//
// A rule is a row of expressions that work on 16 registers of 4 bytes: one loads a part of the
// packet, another compares it or looks it up in a set, and the rule ends where one does not match.
// What stands in the text as "A . B" goes into registers that follow each other, and is looked up
// as one key.  The text is our own, so what is not understood is left out; the test that reads
// the rules back finds it.

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <bit>
#include <cstring>
#include <span>

#include "base/str.h"
#include "network/nftables.h"

namespace kist::network::nft {
namespace {

// A number whose bytes are in memory as they are in a packet.
constexpr uint32_t bytes(unsigned a, unsigned b = 0)
{
    return std::endian::native == std::endian::little ? a | b << 8 : a << 24 | b << 16;
}

// Something of a packet to load, and what it must be; Test::none: it is looked up in a set.
enum class Test : uint8_t { none, equal, differs, any_bit };
struct Phrase {
    const char* words;
    const char* expression;
    uint8_t values[3];  // its attributes behind the register
    uint8_t count;      // of them
    uint8_t size;       // bytes that it loads
    uint8_t protocol;   // what packet it must be before; 0: any
    Test test;
    uint32_t mask, value;  // 4 bytes of it; no mask: all of it
};

// The longer one of two that begin alike comes first.
// clang-format off
constexpr uint8_t kNetwork = NFT_PAYLOAD_NETWORK_HEADER;
constexpr uint8_t kTransport = NFT_PAYLOAD_TRANSPORT_HEADER;
constexpr uint8_t kIPv4 = NFPROTO_IPV4;
constexpr uint8_t kIPv6 = NFPROTO_IPV6;
constexpr uint8_t kTcp = IPPROTO_TCP;  // no number of the two above
constexpr uint32_t kSyn = bytes(2), kSynAck = bytes(2 | 16);  // RFC 9293, 3.1
constexpr uint32_t kFollows = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
constexpr Phrase kPhrases[] = {
    {"ct state established,related", "ct", {NFT_CT_STATE},   1, 4,  0,     Test::any_bit, kFollows,    0},
    {"ct status dnat",       "ct",      {NFT_CT_STATUS},     1, 4,  0,     Test::any_bit, IPS_DST_NAT, 0},
    {"fib daddr type local", "fib",     {NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR}, 2, 4, 0, Test::equal, 0, RTN_LOCAL},
    {"fib daddr type != local", "fib",  {NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR}, 2, 4, 0, Test::differs, 0, RTN_LOCAL},
    {"fib saddr . iif oif missing", "fib", {NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT}, 2, 4, 0, Test::equal, 0, 0},
    {"iifname \"lo\"",       "meta",    {NFT_META_IIFNAME},  1, 16, 0,     Test::equal,   0,           bytes('l', 'o')},
    {"iifname != \"lo\"",    "meta",    {NFT_META_IIFNAME},  1, 16, 0,     Test::differs, 0,           bytes('l', 'o')},
    {"iifname",              "meta",    {NFT_META_IIFNAME},  1, 16, 0,     Test::none,    0,           0},
    {"ip daddr 127.0.0.0/8", "payload", {kNetwork, 16, 4},   3, 4,  kIPv4, Test::equal,   bytes(255),  bytes(127)},
    {"ip daddr",             "payload", {kNetwork, 16, 4},   3, 4,  kIPv4, Test::none,    0,           0},
    {"ip saddr 127.0.0.0/8", "payload", {kNetwork, 12, 4},   3, 4,  kIPv4, Test::equal,   bytes(255),  bytes(127)},
    {"ip saddr",             "payload", {kNetwork, 12, 4},   3, 4,  kIPv4, Test::none,    0,           0},
    {"ip6 daddr",            "payload", {kNetwork, 24, 16},  3, 16, kIPv6, Test::none,    0,           0},
    {"ip6 saddr",            "payload", {kNetwork, 8, 16},   3, 16, kIPv6, Test::none,    0,           0},
    {"meta l4proto tcp",     "meta",    {NFT_META_L4PROTO},  1, 1,  0,     Test::equal,   0,           bytes(IPPROTO_TCP)},
    {"meta l4proto udp",     "meta",    {NFT_META_L4PROTO},  1, 1,  0,     Test::equal,   0,           bytes(IPPROTO_UDP)},
    {"meta l4proto",         "meta",    {NFT_META_L4PROTO},  1, 1,  0,     Test::none,    0,           0},
    {"meta mark 0x6b697374", "meta",    {NFT_META_MARK},     1, 4,  0,     Test::equal,   0,           0x6b697374},
    {"meta mark != 0x6b697374", "meta", {NFT_META_MARK},     1, 4,  0,     Test::differs, 0,           0x6b697374},
    {"meta nfproto ipv4",    "meta",    {NFT_META_NFPROTO},  1, 1,  0,     Test::equal,   0,           bytes(kIPv4)},
    {"meta nfproto ipv6",    "meta",    {NFT_META_NFPROTO},  1, 1,  0,     Test::equal,   0,           bytes(kIPv6)},
    {"oifname \"lo\"",       "meta",    {NFT_META_OIFNAME},  1, 16, 0,     Test::equal,   0,           bytes('l', 'o')},
    {"oifname",              "meta",    {NFT_META_OIFNAME},  1, 16, 0,     Test::none,    0,           0},
    {"tcp flags != syn / syn,ack", "payload", {kTransport, 13, 1}, 3, 1, kTcp, Test::differs, kSynAck,     kSyn},
    {"th dport",             "payload", {kTransport, 2, 2},  3, 2,  0,     Test::none,    0,           0},
};

// Of keys and data; the number is for who prints them.
constexpr struct { const char* name; uint8_t number, size; } kTypes[] = {
    {"ifname",       41, IFNAMSIZ},
    {"inet_proto",   12, 1},
    {"inet_service", 13, 2},
    {"ipv4_addr",    7,  4},
    {"ipv6_addr",    8,  16},
};

// What nft notes with a set of names of links, and misses when it prints one: a byte for the kind of
// the note (the byte order of keys), one for its size, the number of the host's order.
constexpr uint8_t kHostOrder[] = {0, 4, bytes(1) & 255, 0, 0, bytes(1) >> 24};

constexpr struct { const char* name; uint8_t number; } kHooks[] = {
    {"forward",     NF_INET_FORWARD},
    {"output",      NF_INET_LOCAL_OUT},
    {"postrouting", NF_INET_POST_ROUTING},
    {"prerouting",  NF_INET_PRE_ROUTING},
};
// clang-format on

constexpr uint32_t padded(uint32_t size)
{
    return (size + 3) / 4 * 4;
}

constexpr uint32_t register_at(uint32_t size)
{
    return NFT_REG32_00 + size / 4;
}

// Takes `words` and the blank behind them off the front of `text`.
bool eat(std::string_view& text, const char* words)
{
    if (!text.starts_with(words))
        return false;
    text.remove_prefix(strlen(words));
    if (text.starts_with(' '))
        text.remove_prefix(1);
    return true;
}

// An expression of a rule; its attributes are what is put into the message while this is in scope.
class Expression {
public:
    [[gnu::noinline]] Expression(Message& message, const char* name)
        : message_(message), element_(message.open(NFTA_LIST_ELEM))
    {
        message.text(NFTA_EXPR_NAME, name);
        data_ = message.open(NFTA_EXPR_DATA);
    }
    Expression(const Expression&) = delete;
    [[gnu::noinline]] ~Expression()
    {
        message_.close(data_);
        message_.close(element_);
    }

    void number(uint16_t type, uint32_t number) { message_.number32_be(type, number); }
    [[gnu::noinline]] void value(uint16_t type, const void* bytes, size_t size)
    {
        auto data = message_.nest(type);
        message_.attribute(NFTA_DATA_VALUE, bytes, size);
    }

private:
    Message& message_;
    size_t element_, data_;
};

void load(Message& message, const Phrase& phrase, uint32_t to)
{
    Expression load(message, phrase.expression);
    load.number(1, to);  // the register comes first in all of them
    for (uint8_t i = 0; i < phrase.count; i++)
        load.number(i + 2, phrase.values[i]);
}

void test(Message& message, const Phrase& phrase, uint32_t at)
{
    uint32_t mask[4] = {phrase.mask}, value[4] = {phrase.value}, nothing[4] = {};
    if (phrase.mask) {
        Expression bits(message, "bitwise");
        bits.number(NFTA_BITWISE_SREG, at);
        bits.number(NFTA_BITWISE_DREG, at);
        bits.number(NFTA_BITWISE_LEN, phrase.size);
        bits.value(NFTA_BITWISE_MASK, mask, phrase.size);
        bits.value(NFTA_BITWISE_XOR, nothing, phrase.size);
    }
    Expression compare(message, "cmp");
    compare.number(NFTA_CMP_SREG, at);
    compare.number(NFTA_CMP_OP, phrase.test == Test::equal ? NFT_CMP_EQ : NFT_CMP_NEQ);
    compare.value(NFTA_CMP_DATA, value, phrase.size);
}

// Of the key that begins in the first register; what a map has for it takes its place.
void look_up(Message& message, std::string_view set, bool map, bool not_in)
{
    Expression lookup(message, "lookup");
    message.text(NFTA_LOOKUP_SET, set);
    lookup.number(NFTA_LOOKUP_SREG, register_at(0));
    if (map)
        lookup.number(NFTA_LOOKUP_DREG, register_at(0));
    if (not_in)
        lookup.number(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void verdict(Message& message, int32_t code, std::string_view chain = {})
{
    Expression immediate(message, "immediate");
    immediate.number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    auto data = message.nest(NFTA_IMMEDIATE_DATA);
    auto verdict = message.nest(NFTA_DATA_VERDICT);
    immediate.number(NFTA_VERDICT_CODE, static_cast<uint32_t>(code));
    if (!chain.empty())
        message.text(NFTA_VERDICT_CHAIN, chain);
}

// To address and port, which a map has put into the registers.
void translate_destination(Message& message, uint8_t protocol)
{
    Expression nat(message, "nat");
    nat.number(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    nat.number(NFTA_NAT_FAMILY, protocol);
    nat.number(NFTA_NAT_REG_ADDR_MIN, register_at(0));
    nat.number(NFTA_NAT_REG_PROTO_MIN, register_at(protocol == kIPv4 ? 4 : 16));
}

// To whoever listens at `port` of this machine, which the packet's own addresses need not be of.
void hand_over(const Table& table, Message& message, std::string_view port)
{
    auto number = str::to_integer(port);
    uint16_t value = number ? htons(static_cast<uint16_t>(*number)) : uint16_t(0);
    {
        Expression immediate(message, "immediate");
        immediate.number(NFTA_IMMEDIATE_DREG, register_at(0));
        immediate.value(NFTA_IMMEDIATE_DATA, &value, sizeof value);
    }
    Expression tproxy(message, "tproxy");
    tproxy.number(NFTA_TPROXY_FAMILY, table.family == kIPv4 ? kIPv4 : uint8_t(NFPROTO_UNSPEC));
    tproxy.number(NFTA_TPROXY_REG_PORT, register_at(0));
}

// A Phrase off the front of `rule`, into the registers from `size` bytes on.
void take_phrase(const Table& table, Message& message, std::string_view& rule, uint32_t& size)
{
    for (const Phrase& phrase : kPhrases) {
        if (!eat(rule, phrase.words))
            continue;
        if (phrase.protocol == kTcp || (phrase.protocol && table.family == NFPROTO_INET)) {
            uint8_t what = phrase.protocol == kTcp ? NFT_META_L4PROTO : NFT_META_NFPROTO;
            Phrase before = {"", "meta", {what}, 1, 1, 0, Test::equal, 0, bytes(phrase.protocol)};
            load(message, before, register_at(size));
            test(message, before, register_at(size));
        }
        load(message, phrase, register_at(size));
        if (phrase.test != Test::none)
            test(message, phrase, register_at(size));
        else
            size = padded(size + phrase.size);
        return;
    }
    rule = {};
}

void put_rule(Batch& batch, std::string_view chain, std::string_view rule)
{
    if (batch.table().family == NFPROTO_IPV4 && rule.find("ip6 ") != rule.npos)
        return;
    batch.begin(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    Message& message = batch.message();
    message.text(NFTA_RULE_CHAIN, chain);
    auto expressions = message.nest(NFTA_RULE_EXPRESSIONS);
    uint8_t translated = 0;  // the protocol, with "dnat"
    for (uint32_t size = 0; !rule.empty();) {
        bool map = eat(rule, "map"), not_in = !map && eat(rule, "!=");
        if (eat(rule, "@")) {
            look_up(message, str::cut(rule, ' '), map, not_in);
            size = 0;
        } else if (eat(rule, "dnat")) {
            translated = eat(rule, "ip to") ? kIPv4 : kIPv6;
            eat(rule, "ip6 to");
        } else if (eat(rule, "drop")) {
            verdict(message, NF_DROP);
        } else if (eat(rule, "accept")) {
            verdict(message, NF_ACCEPT);
        } else if (eat(rule, "jump")) {
            verdict(message, NFT_JUMP, str::cut(rule, ' '));
        } else if (eat(rule, "masquerade")) {
            Expression masquerade(message, "masq");
        } else if (eat(rule, "notrack")) {
            Expression notrack(message, "notrack");
        } else if (eat(rule, "tproxy to :")) {
            hand_over(batch.table(), message, str::cut(rule, ' '));
        } else if (!eat(rule, ".")) {
            take_phrase(batch.table(), message, rule, size);
        }
    }
    if (translated)
        translate_destination(message, translated);
}

// "A . B" or "A . B : C . D", with attributes of `flags`.
void put_set(Batch& batch, std::string_view name, std::string_view types, uint32_t flags)
{
    uint32_t type[2] = {}, size[2] = {};
    int part = 0;
    while (!types.empty()) {
        std::string_view word = str::cut(types, ' ');
        part |= word == ":";
        for (const auto& each : kTypes)
            if (word == each.name) {
                size[part] = type[part] ? padded(padded(size[part]) + each.size) : each.size;
                type[part] = type[part] << 6 | each.number;
            }
    }
    batch.begin(NFT_MSG_NEWSET, NLM_F_CREATE);
    Message& message = batch.message();
    message.text(NFTA_SET_NAME, name);
    message.number32_be(NFTA_SET_FLAGS, flags | (part ? NFT_SET_MAP : 0));
    message.number32_be(NFTA_SET_KEY_TYPE, type[0]);
    message.number32_be(NFTA_SET_KEY_LEN, size[0]);
    if (part) {
        message.number32_be(NFTA_SET_DATA_TYPE, type[1]);
        message.number32_be(NFTA_SET_DATA_LEN, size[1]);
    }
    // A number by which rules of the same batch could name it; the kernel insists.
    message.number32_be(NFTA_SET_ID, static_cast<uint32_t>(message.data().size()));
    if (type[0] == kTypes[0].number)
        message.attribute(NFTA_SET_USERDATA, kHostOrder, sizeof kHostOrder);
}

// `type`: "filter hook forward priority 0; policy accept;", or empty: rules jump to it.
void put_chain(Batch& batch, std::string_view name, std::string_view type)
{
    batch.begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    Message& message = batch.message();
    message.text(NFTA_CHAIN_NAME, name);
    if (type.empty())
        return;
    message.text(NFTA_CHAIN_TYPE, str::cut(type, ' '));
    auto hook = message.nest(NFTA_CHAIN_HOOK);
    eat(type, "hook");
    std::string_view place = str::cut(type, ' ');
    for (const auto& each : kHooks)
        if (place == each.name)
            message.number32_be(NFTA_HOOK_HOOKNUM, each.number);
    eat(type, "priority");
    auto priority = str::to_integer(str::cut(type, ';'));
    message.number32_be(NFTA_HOOK_PRIORITY, priority ? static_cast<uint32_t>(*priority) : 0);
}

}  // namespace

void Batch::rules(std::string_view text)
{
    std::string_view kind, name, types;
    uint32_t flags = 0;
    bool begun = false;  // the chain is
    while (!text.empty()) {
        std::string_view line = str::trim(str::cut(text, '\n'));
        if (line.ends_with('{')) {
            kind = str::cut(line, ' ');
            name = str::cut(line, ' ');
            flags = 0;
            begun = false;
        } else if (kind != "chain") {
            if (eat(line, "type"))
                types = line;
            else if (eat(line, "flags interval"))
                flags = NFT_SET_INTERVAL;
            else if (line == "}")
                put_set(*this, name, types, flags);
        } else if (!line.empty()) {
            bool hooked = !begun && eat(line, "type");
            if (!begun)
                put_chain(*this, name, hooked ? line : std::string_view());
            if (!hooked && line != "}")
                put_rule(*this, name, line);
            begun = true;
        }
    }
}

}  // namespace kist::network::nft
