// nftables.cpp - see nftables.h.

#include "network/nftables.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/str.h"

namespace kist::network::nft {
namespace {

constexpr size_t kMaxList = 32 * 1024;   // bytes of elements in one request; 64 KiB cannot be said
constexpr size_t kMaxBatch = 64 * 1024;  // more elements than that go in several
constexpr size_t kMaxElements = 1 << 18;

// In requests of all kinds the table's name is the first attribute.
constexpr uint16_t kTableName = NFTA_TABLE_NAME;
static_assert(NFTA_CHAIN_TABLE == kTableName && NFTA_RULE_TABLE == kTableName &&
              NFTA_SET_TABLE == kTableName && NFTA_SET_ELEM_LIST_TABLE == kTableName);

void begin_request(Message& message, const Table& table, uint16_t type, uint16_t flags)
{
    message.begin(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
                  nfgenmsg{.nfgen_family = table.family, .version = NFNETLINK_V0, .res_id = 0});
    message.text(kTableName, table.name);
}

void mark_batch(Message& message, uint16_t type)
{
    message.begin(type, 0,
                  nfgenmsg{.nfgen_family = AF_UNSPEC,
                           .version = NFNETLINK_V0,
                           .res_id = htons(NFNL_SUBSYS_NFTABLES)});
}

void put_key(Message& message, uint32_t flags, std::string_view key, std::string_view data)
{
    auto element = message.nest(NFTA_LIST_ELEM);
    {
        auto value = message.nest(NFTA_SET_ELEM_KEY);
        message.bytes(NFTA_DATA_VALUE, key);
    }
    if (!data.empty()) {
        auto value = message.nest(NFTA_SET_ELEM_DATA);
        message.bytes(NFTA_DATA_VALUE, data);
    }
    if (flags)
        message.number32_be(NFTA_SET_ELEM_FLAGS, flags);
}

void take_elements(void* context, const Reply& reply)
{
    auto& elements = *static_cast<Vector<Element>*>(context);
    Attributes list = reply.attributes<nfgenmsg>().nest(NFTA_SET_ELEM_LIST_ELEMENTS);
    std::string_view each;
    for (uint16_t type; list.next(type, each) && elements.size() < kMaxElements;) {
        Attributes element(each);
        if (element.number32_be(NFTA_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END)
            continue;
        elements.push_back(
            {.key = String(element.nest(NFTA_SET_ELEM_KEY).find(NFTA_DATA_VALUE)),
             .data = String(element.nest(NFTA_SET_ELEM_DATA).find(NFTA_DATA_VALUE))});
    }
}

// ENOENT: there is no such table or set.
Result<void> list_elements(Netlink& netlink, const Table& table, const char* set,
                           Vector<Element>& elements)
{
    elements.clear();
    Message message;
    begin_request(message, table, NFT_MSG_GETSETELEM, NLM_F_DUMP);
    message.text(NFTA_SET_ELEM_LIST_SET, set);
    return netlink.dump(message, take_elements, &elements);
}

const Element* find(const Vector<Element>& elements, const String& key)
{
    for (const Element& each : elements)
        if (each.key == key)
            return &each;
    return nullptr;
}

}  // namespace

Batch::Batch(const Table& table) : table_(table)
{
    mark_batch(message_, NFNL_MSG_BATCH_BEGIN);
    begin(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK);  // whose answer is that to all
}

void Batch::begin(uint16_t type, uint16_t flags)
{
    begin_request(message_, table_, type, flags);
    set_ = nullptr;
}

void Batch::clear()
{
    begin(NFT_MSG_DELTABLE, 0);
    begin(NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void Batch::clear_rules()
{
    begin(NFT_MSG_DELRULE, 0);
}

void Batch::change(const Element& element, bool add)
{
    bool another = !set_ || std::string_view(set_) != element.set || adds_ != add;
    if (another || message_.data().size() - list_ > kMaxList) {
        begin(add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0);
        message_.text(NFTA_SET_ELEM_LIST_SET, element.set);
        list_ = message_.open(NFTA_SET_ELEM_LIST_ELEMENTS);
        set_ = element.set;
        adds_ = add;
    }
    put_key(message_, 0, element.key, add ? element.data : std::string_view());
    if (!element.end.empty())
        put_key(message_, NFT_SET_ELEM_INTERVAL_END, element.end, {});
    message_.close(list_);  // again, for each of them
}

Result<void> Batch::commit(Netlink& netlink)
{
    mark_batch(message_, NFNL_MSG_BATCH_END);
    return netlink.request(message_);
}

Result<void> Batch::rehearse(Netlink& netlink)
{
    return netlink.request(message_);  // without an end it is dropped
}

std::string_view refused_line(Netlink& netlink, const Table& table, std::string_view rules)
{
    for (size_t begin = 0, end; (end = rules.find('\n', begin)) != rules.npos; begin = end + 1) {
        Batch batch(table);
        batch.rules(rules.substr(0, end));
        if (!batch.rehearse(netlink))
            return end ? str::trim(rules.substr(begin, end - begin)) : "nf_tables";
    }
    return {};
}

bool has_chain(Netlink& netlink, const Table& table, const char* chain)
{
    Message message;
    begin_request(message, table, NFT_MSG_GETCHAIN, NLM_F_ACK);
    message.text(NFTA_CHAIN_NAME, chain);
    return bool(netlink.request(message));
}

bool has_elements(Netlink& netlink, const Table& table, const char* set)
{
    Vector<Element> there;
    return list_elements(netlink, table, set, there) && !there.empty();
}

Result<void> settle(Netlink& netlink, const Table& table, const Vector<Element>& elements)
{
    Batch batch(table);
    size_t unchanged = batch.message().data().size();
    const char* set = nullptr;
    Vector<Element> there;
    for (const Element& each : elements) {
        if (!set || std::string_view(set) != each.set) {
            set = each.set;
            auto listed = list_elements(netlink, table, set, there);
            bool missing = !listed && (listed.error().is(ENOENT) || listed.error().is(EINVAL));
            if (!listed && (each.wanted || !missing))
                return std::move(listed).error();
        }
        const Element* found = find(there, each.key);
        bool same = found && found->data == each.data;
        if (found && same != each.wanted)
            batch.remove(each);
        if (!same && each.wanted)
            batch.add(each);
        if (batch.message().data().size() > kMaxBatch) {
            TRY(batch.commit(netlink));
            batch = Batch(table);
        }
    }
    if (batch.message().data().size() > unchanged)
        TRY(batch.commit(netlink));
    return {};
}

}  // namespace kist::network::nft
