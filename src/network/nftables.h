// nftables.h - tables, sets, maps, chains and rules of the kernel's packet filter: nft(8),
// linux/netfilter/nf_tables.h.
//
// What is written becomes one batch, which the kernel does as a whole or not at all.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/netlink.h"

namespace kist::network::nft {

// `family`: NFPROTO_INET, NFPROTO_IPV4.
struct Table {
    uint8_t family;
    const char* name;
};

// What is in a set or map.  Parts of a key follow each other, each padded to 4 bytes, numbers in
// network order, names of links with all of their 16 bytes.
struct Element {
    const char* set = nullptr;
    String key;
    String data;  // of a map: what the key leads to
    String end;   // of a set with intervals: the first key that is beyond; "": nothing is
    bool wanted = true;
};

class Batch {
public:
    // Makes the table when it is missing.
    explicit Batch(const Table& table);

    // Takes away the table with all that is in it.
    void clear();
    // Takes away the rules of all chains; chains, sets and what is in them stay.
    void clear_rules();
    // Makes what stands between the braces of a table in the output of `nft -y list`; of that
    // language only what nft_rules.cpp lists.  Sets, maps and chains that are there stay, rules are
    // put behind those that are.  In a table of IPv4 the rules of IPv6 are left out.
    void rules(std::string_view text);
    // Adds the element, or takes it away; one that is there with other data, or not there, fails
    // the batch.
    void add(const Element& element) { change(element, true); }
    void remove(const Element& element) { change(element, false); }

    // A request about the table, for what follows in message().
    void begin(uint16_t type, uint16_t flags);
    Message& message() { return message_; }
    const Table& table() const { return table_; }
    // EPERM; ENOENT, EOPNOTSUPP: the kernel does not know all that is asked for.
    Result<void> commit(Netlink& netlink);
    // Finds out what commit() would answer, without doing it.
    Result<void> rehearse(Netlink& netlink);

private:
    void change(const Element& element, bool add);

    Table table_;
    Message message_;
    const char* set_ = nullptr;  // whose elements the last request adds or takes away
    bool adds_ = false;
    size_t list_ = 0;  // where they are
};

// The first line of `rules` with which the kernel refuses them, which begin with an empty one:
// "nf_tables" when it refuses that, too.  "": none.
std::string_view refused_line(Netlink& netlink, const Table& table, std::string_view rules);
// Whether the table has a chain of this name; false, too, where that cannot be told.
bool has_chain(Netlink& netlink, const Table& table, const char* chain);
// The same of something in a set.
bool has_elements(Netlink& netlink, const Table& table, const char* set);
// Adds those that are wanted, in place of others with their key, and takes away those that are not,
// unless their data is another by now.  Neighbours are best of the same set, which is read once for
// them.  ENOENT: a set in which something is wanted is missing.
Result<void> settle(Netlink& netlink, const Table& table, const Vector<Element>& elements);

}  // namespace kist::network::nft
