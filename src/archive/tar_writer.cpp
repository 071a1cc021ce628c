// tar_writer.cpp - an entry as a ustar header, with a pax header in front where that is too small.

#include "archive/tar_writer.h"

#include <algorithm>
#include <cstring>

#include "archive/name.h"
#include "archive/tar_header.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

namespace {

constexpr size_t kBuffer = 64 << 10;
// Not constant, so that it takes no room in the program.
char g_zeros[4096];

void put_text(header::Block& block, header::Field field, std::string_view text)
{
    memcpy(block + field.offset, text.data(), std::min(text.size(), field.size));
}

// The largest number that the octal digits of a field hold; the last byte is a NUL.
constexpr uint64_t most_in(header::Field field)
{
    return (1ull << 3 * (field.size - 1)) - 1;
}

void put_octal(header::Block& block, header::Field field, uint64_t value)
{
    for (size_t i = field.size - 1; i-- > 0; value >>= 3)
        block[field.offset + i] = static_cast<char>('0' + (value & 7));
}

void put_checksum(header::Block& block)
{
    memset(block + header::kChecksum.offset, ' ', header::kChecksum.size);
    unsigned sum = 0;
    for (char c : block)
        sum += static_cast<unsigned char>(c);
    constexpr header::Field kDigits = {header::kChecksum.offset, header::kChecksum.size - 1};
    put_octal(block, kDigits, sum);
    block[kDigits.offset + kDigits.size - 1] = '\0';
}

// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
void add_record(String& records, std::string_view key, std::string_view value)
{
    size_t rest = key.size() + value.size() + 3, digits = 1;
    for (size_t bound = 10; rest + digits >= bound; bound *= 10)
        digits++;
    records += str::format("%zu ", rest + digits);
    records.append(key);
    records += '=';
    records.append(value);
    records += '\n';
}

void add_number(String& records, std::string_view key, uint64_t value)
{
    add_record(records, key, str::format("%llu", (unsigned long long)value));
}

// A number where the field holds it, else a record and 0.
void put_number(header::Block& block, header::Field field, uint64_t value, String& records,
                std::string_view key)
{
    bool fits = value <= most_in(field);
    put_octal(block, field, fits ? value : 0);
    if (!fits)
        add_number(records, key, value);
}

void put_time(header::Block& block, timespec time, String& records)
{
    bool fits = time.tv_sec >= 0 && uint64_t(time.tv_sec) <= most_in(header::kMtime);
    put_octal(block, header::kMtime, fits ? uint64_t(time.tv_sec) : 0);
    if (fits && time.tv_nsec == 0)
        return;
    bool negative = time.tv_sec < 0;
    long long seconds = time.tv_sec;
    long nanos = time.tv_nsec;
    if (negative) {  // half a second before -1 is -2 and 500000000 here, -1.5 there
        seconds = -seconds - (nanos > 0);
        nanos = nanos > 0 ? 1'000'000'000 - nanos : 0;
    }
    String text = str::format("%s%lld", negative ? "-" : "", seconds);
    if (nanos > 0)
        text += str::format(".%09ld", nanos);
    add_record(records, "mtime", text);
}

// In the name field, or cut at a slash between prefix and name, or in a record.
void put_name(header::Block& block, std::string_view name, String& records)
{
    if (name.size() <= header::kName.size)
        return put_text(block, header::kName, name);
    for (size_t slash = name.find('/', name.size() - header::kName.size - 1);
         slash < name.size() - 1; slash = name.find('/', slash + 1)) {
        if (slash == 0 || slash > header::kPrefix.size)
            continue;
        put_text(block, header::kPrefix, name.substr(0, slash));
        return put_text(block, header::kName, name.substr(slash + 1));
    }
    put_text(block, header::kName, name);
    add_record(records, "path", name);
}

void put_magic(header::Block& block, char type)
{
    block[header::kType.offset] = type;
    memcpy(block + header::kMagic.offset, "ustar\00000", 8);
}

// GNU's sparse format 1.0: the map in decimal lines, filled up to whole blocks, before the
// contents.
String sparse_map(const Entry& entry)
{
    uint64_t end = entry.extents.empty() ? 0 : entry.extents.back().offset;
    if (!entry.extents.empty())
        end += entry.extents.back().length;
    bool tail = end < entry.size;  // a hole at the end is a piece of no length behind it
    String map = str::format("%zu\n", entry.extents.size() + tail);
    for (const Extent& extent : entry.extents)
        map += str::format("%llu\n%llu\n", (unsigned long long)extent.offset,
                           (unsigned long long)extent.length);
    if (tail)
        map += str::format("%llu\n0\n", (unsigned long long)entry.size);
    map.resize((map.size() + kTarBlock - 1) / kTarBlock * kTarBlock);
    return map;
}

void put_pax_block(header::Block& block, std::string_view name, size_t size)
{
    put_text(block, header::kName, "PaxHeaders/" + String(base_of(name)));
    put_octal(block, header::kMode, 0644);
    put_octal(block, header::kUid, 0);
    put_octal(block, header::kGid, 0);
    put_octal(block, header::kSize, size);
    put_octal(block, header::kMtime, 0);
    put_magic(block, 'x');
    put_checksum(block);
}

uint64_t data_size(const Entry& entry)
{
    if (entry.kind != Kind::file)
        return 0;
    if (!entry.sparse)
        return entry.size;
    uint64_t sum = 0;
    for (const Extent& extent : entry.extents)
        sum += extent.length;
    return sum;
}

}  // namespace

Result<void> TarWriter::flush()
{
    if (!buffer_.empty())
        TRY(sink_.write(buffer_));
    buffer_.clear();
    return {};
}

Result<void> TarWriter::put(std::string_view bytes)
{
    if (buffer_.size() + bytes.size() > kBuffer)
        TRY(flush());
    if (bytes.size() >= kBuffer)
        return sink_.write(bytes);
    buffer_.append(bytes);
    return {};
}

Result<void> TarWriter::contents(std::string_view bytes)
{
    if (bytes.size() > left_)
        return Error(EFBIG, "more contents than the header of the archive's entry says");
    TRY(put(bytes));
    left_ -= bytes.size();
    if (left_ > 0)
        return {};
    TRY(put({g_zeros, size_t(padding_)}));
    padding_ = 0;
    return {};
}

Result<void> TarWriter::zeros(uint64_t count)
{
    while (count > 0) {
        std::string_view piece(g_zeros, size_t(std::min<uint64_t>(count, sizeof(g_zeros))));
        TRY(contents(piece));
        count -= piece.size();
    }
    return {};
}

Result<void> TarWriter::add(const Entry& entry)
{
    if (left_ > 0)
        return Error(EINVAL, "the contents of an entry of the archive end early");
    header::Block block = {};
    String records, map;
    String name = entry.name;
    if (entry.kind == Kind::directory && !name.ends_with('/'))
        name += '/';
    left_ = data_size(entry);
    if (entry.kind == Kind::file && entry.sparse) {
        map = sparse_map(entry);
        add_record(records, "GNU.sparse.major", "1");
        add_record(records, "GNU.sparse.minor", "0");
        add_record(records, "GNU.sparse.name", name);
        add_number(records, "GNU.sparse.realsize", entry.size);
        String base(base_of(name));
        name.resize(name.size() - base.size());
        name += "GNUSparseFile.0/" + base;
    }
    put_name(block, name, records);
    if (entry.link.size() > header::kLink.size)
        add_record(records, "linkpath", entry.link);
    if (entry.kind == Kind::hard_link || entry.kind == Kind::symlink)
        put_text(block, header::kLink, entry.link);
    put_octal(block, header::kMode, entry.mode & 07777);
    put_number(block, header::kUid, entry.uid, records, "uid");
    put_number(block, header::kGid, entry.gid, records, "gid");
    put_number(block, header::kSize, map.size() + left_, records, "size");
    put_time(block, entry.mtime, records);
    put_octal(block, header::kMajor, entry.device_major);
    put_octal(block, header::kMinor, entry.device_minor);
    for (const Xattr& xattr : entry.xattrs)
        add_record(records, "SCHILY.xattr." + xattr.name, xattr.value);
    put_magic(block, static_cast<char>(entry.kind));
    put_checksum(block);

    if (!records.empty()) {
        header::Block pax = {};
        put_pax_block(pax, name, records.size());
        TRY(put({pax, kTarBlock}));
        TRY(put(records));
        TRY(put({g_zeros, -records.size() % kTarBlock}));
    }
    TRY(put({block, kTarBlock}));
    TRY(put(map));
    padding_ = -left_ % kTarBlock;
    return {};
}

Result<void> TarWriter::finish()
{
    if (left_ > 0)
        return Error(EINVAL, "the contents of an entry of the archive end early");
    TRY(put({g_zeros, 2 * kTarBlock}));
    return flush();
}

}  // namespace kist::archive
