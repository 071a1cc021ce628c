// pax.cpp - "LENGTH KEY=VALUE\n" records into fields, by a table of the keys that mean something.

#include "archive/pax.h"

#include <algorithm>

#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

namespace {

constexpr std::string_view kXattr = "SCHILY.xattr.";

Result<String> to_name(std::string_view text)
{
    if (text.find('\0') != text.npos)
        return Error(EBADMSG, "a name with a NUL in it");
    return String(text);
}

Result<uint32_t> to_id(std::string_view text)
{
    uint64_t id = TRY(to_number(text));
    if (id >= UINT32_MAX)  // the last one means "no change" to chown(2)
        return Error(EBADMSG, "owner %llu is out of range", (unsigned long long)id);
    return static_cast<uint32_t>(id);
}

// Seconds, with a sign and a fraction if need be: "-1.5" is half a second before -1.
Result<timespec> to_time(std::string_view text)
{
    bool negative = text.starts_with('-');
    text.remove_prefix(negative);
    std::string_view whole = str::cut(text, '.');
    uint64_t seconds = TRY(to_number(whole));
    if (seconds > INT64_MAX / 2)
        return Error(EBADMSG, "a time out of range");
    long nanos = 0;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] < '0' || text[i] > '9')
            return Error(EBADMSG, "a time that is not a number");
        if (i < 9)
            nanos = nanos * 10 + (text[i] - '0');
    }
    for (size_t i = text.size(); i < 9 && nanos > 0; i++)
        nanos *= 10;
    timespec time = {.tv_sec = static_cast<time_t>(seconds), .tv_nsec = nanos};
    if (negative) {
        time.tv_sec = -time.tv_sec - (nanos > 0);
        time.tv_nsec = nanos > 0 ? 1'000'000'000 - nanos : 0;
    }
    return time;
}

// Sets a field to what `read` makes of the text, or takes it back when there is none.
template <class T>
Result<void> set(std::optional<T>& field, Result<T> (*read)(std::string_view),
                 std::string_view text)
{
    field.reset();
    if (!text.empty())
        field = TRY(read(text));
    return {};
}

Result<void> add_extent(Pax& pax, std::string_view offset)
{
    if (pax.map.size() >= kMaxExtents)
        return Error(EBADMSG, "more than %zu pieces", kMaxExtents);
    uint64_t start = TRY(to_number(offset));
    pax.map.push_back({start, UINT64_MAX});  // the length is to follow
    pax.has_map = true;
    return {};
}

Result<void> end_extent(Pax& pax, std::string_view length)
{
    if (pax.map.empty() || pax.map.back().length != UINT64_MAX)
        return Error(EBADMSG, "a length without an offset");
    pax.map.back().length = TRY(to_number(length));
    return {};
}

Result<void> read_map(Pax& pax, std::string_view text)
{
    pax.map.clear();
    pax.has_map = true;
    while (!text.empty()) {
        TRY(add_extent(pax, str::cut(text, ',')));
        TRY(end_extent(pax, str::cut(text, ',')));
    }
    return {};
}

struct Row {
    std::string_view key;
    Result<void> (*take)(Pax& pax, std::string_view value);
};

using Text = std::string_view;
// clang-format off
constexpr Row kRows[] = {
    {"GNU.sparse.major",     [](Pax& p, Text v) { p.sparse_major = v; return Result<void>(); }},
    {"GNU.sparse.map",       read_map},
    {"GNU.sparse.minor",     [](Pax& p, Text v) { p.sparse_minor = v; return Result<void>(); }},
    {"GNU.sparse.name",      [](Pax& p, Text v) { return set(p.sparse_name, to_name, v); }},
    {"GNU.sparse.numbytes",  end_extent},
    {"GNU.sparse.offset",    add_extent},
    {"GNU.sparse.realsize",  [](Pax& p, Text v) { return set(p.sparse_size, to_number, v); }},
    {"GNU.sparse.size",      [](Pax& p, Text v) { return set(p.sparse_size, to_number, v); }},
    {"gid",                  [](Pax& p, Text v) { return set(p.gid, to_id, v); }},
    {"linkpath",             [](Pax& p, Text v) { return set(p.link, to_name, v); }},
    {"mtime",                [](Pax& p, Text v) { return set(p.mtime, to_time, v); }},
    {"path",                 [](Pax& p, Text v) { return set(p.path, to_name, v); }},
    {"size",                 [](Pax& p, Text v) { return set(p.size, to_number, v); }},
    {"uid",                  [](Pax& p, Text v) { return set(p.uid, to_id, v); }},
};
// clang-format on

// An empty value is one: attributes may well be empty.
Result<void> set_xattr(Pax& pax, std::string_view name, std::string_view value)
{
    if (name.empty() || name.find('\0') != name.npos)
        return Error(EBADMSG, "an extended attribute without a proper name");
    for (Xattr& xattr : pax.xattrs)
        if (xattr.name == name) {
            xattr.value = value;
            return {};
        }
    if (pax.xattrs.size() >= kMaxXattrs)
        return Error(EBADMSG, "more than %zu extended attributes", kMaxXattrs);
    pax.xattrs.push_back({String(name), String(value)});
    return {};
}

Result<void> take(Pax& pax, std::string_view key, std::string_view value)
{
    if (key.starts_with(kXattr))
        return set_xattr(pax, key.substr(kXattr.size()), value);
    for (const Row& row : kRows)
        if (row.key == key)
            TRY(row.take(pax, value), "pax record %s", row.key.data());
    return {};  // as the standard says of what one does not know
}

}  // namespace

Result<uint64_t> to_number(std::string_view text)
{
    unsigned long long value = 0;
    if (!str::read_natural(text, value) || value > INT64_MAX)
        return Error(EBADMSG, "\"%.*s\" is not a number in range",
                     int(std::min<size_t>(text.size(), 30)), text.data());
    return value;
}

Result<void> Pax::add(std::string_view records)
{
    while (!records.empty()) {
        std::string_view digits = records.substr(0, records.find(' '));
        auto length = to_number(digits);
        if (!length || *length > records.size() || *length < digits.size() + 3)
            return Error(EBADMSG, "a damaged pax header");
        std::string_view record = records.substr(0, *length);
        records.remove_prefix(*length);
        record.remove_prefix(digits.size() + 1);
        size_t equals = record.find('=');
        if (record.back() != '\n' || equals == 0 || equals == record.npos)
            return Error(EBADMSG, "a damaged pax header");
        record.remove_suffix(1);
        TRY(take(*this, record.substr(0, equals), record.substr(equals + 1)));
    }
    return {};
}

}  // namespace kist::archive
