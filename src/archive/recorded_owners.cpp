// recorded_owners.cpp - "PATH NUL TYPE MODE UID GID MAJOR MINOR LF": read, and found in the tree.

#include "archive/recorded_owners.h"

#include <fcntl.h>

#include <cstdlib>

#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::archive {

namespace {

int by_path(const void* a, const void* b)
{
    const Owner& left = *static_cast<const Owner*>(a);
    const Owner& right = *static_cast<const Owner*>(b);
    if (int order = left.path.compare(right.path))
        return order;
    return left.order < right.order ? -1 : 1;
}

int by_inode(const void* a, const void* b)
{
    const Owner& left = *static_cast<const Owner*>(a);
    const Owner& right = *static_cast<const Owner*>(b);
    if (left.inode != right.inode)
        return left.inode < right.inode ? -1 : 1;
    return by_path(a, b);
}

bool take_number(std::string_view& rest, unsigned base, uint32_t& value)
{
    std::string_view word = str::cut(rest, ' ');
    unsigned long long number = 0;
    bool is_number = str::read_natural(word, number, base);
    value = uint32_t(number);
    return is_number && number == value;
}

bool take(std::string_view line, Owner& row)
{
    std::string_view kind = str::cut(line, ' ');
    if (kind.size() != 1 || kind[0] < '0' || kind[0] > '6')
        return false;
    row.kind = Kind(kind[0]);
    return take_number(line, 8, row.mode) && take_number(line, 10, row.uid) &&
           take_number(line, 10, row.gid) && take_number(line, 10, row.major) &&
           take_number(line, 10, row.minor) && line.empty();
}

mode_t type_of(Kind kind)
{
    switch (kind) {
        case Kind::symlink: return S_IFLNK;
        case Kind::char_device: return S_IFCHR;
        case Kind::block_device: return S_IFBLK;
        case Kind::directory: return S_IFDIR;
        case Kind::fifo: return S_IFIFO;
        default: return S_IFREG;
    }
}

// Leaves the last record of each path.
void keep_last(Vector<Owner>& rows)
{
    if (rows.empty())
        return;
    ::qsort(rows.data(), rows.size(), sizeof(Owner), by_path);
    size_t kept = 0;
    for (size_t i = 0; i < rows.size(); i++)
        if (i + 1 == rows.size() || rows[i].path != rows[i + 1].path)
            rows[kept++] = rows[i];
    rows.resize(kept);
}

}  // namespace

Result<RecordedOwners> RecordedOwners::read(std::string_view text, const Fd& tree)
{
    RecordedOwners owners;
    Vector<Owner>& rows = owners.rows_;
    while (!text.empty()) {
        Owner row;
        row.path = str::cut(text, '\0');
        row.order = rows.size();
        if (!take(str::cut(text, '\n'), row))
            return Error(EBADMSG, "the layer's record of owners is damaged");
        rows.push_back(row);
    }
    keep_last(rows);
    for (Owner& row : rows) {
        // As the layer was made: a name may lead through links of the tree.
        String path(row.path.empty() ? "." : row.path);
        auto file = sys::open_in_root(tree, path, O_PATH | O_NOFOLLOW);
        if (!file)
            continue;
        struct stat facts = TRY(sys::stat(*file));
        row.inode = facts.st_ino;
        if ((facts.st_mode & S_IFMT) != type_of(row.kind))
            row.kind = Kind::hard_link;  // something else took its place: the record is void
    }
    if (!rows.empty())
        ::qsort(rows.data(), rows.size(), sizeof(Owner), by_inode);
    return owners;
}

const Owner* RecordedOwners::find(const struct stat& facts) const
{
    size_t low = 0, high = rows_.size();
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows_[middle].inode < facts.st_ino)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < rows_.size() && rows_[low].inode == facts.st_ino;
    return found && type_of(rows_[low].kind) == (facts.st_mode & S_IFMT) &&
                   rows_[low].kind != Kind::hard_link
               ? &rows_[low]
               : nullptr;
}

Vector<Owner> RecordedOwners::missing_devices() const
{
    Vector<Owner> found;
    for (const Owner& row : rows_)
        if (row.inode == 0 && (row.kind == Kind::char_device || row.kind == Kind::block_device))
            found.push_back(row);
    return found;
}

}  // namespace kist::archive
