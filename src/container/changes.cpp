// changes.cpp - what a container has changed in its root file system.
//
// Two trees are walked side by side: the container's, and what lies below it.  The latter is a
// stack of directories, one for each layer that has the directory, the top one first.  Where the
// container's tree says all there is (a copied root, an opaque directory) what it lacks is deleted;
// in an overlay's upper directory whiteouts say that.

#include "container/changes.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <optional>

#include "archive/tree.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr int kMaxDepth = 500;

// What the mounts of mounts.cpp and files.cpp need to be there.  They change the times of the
// directories that they are in.
constexpr std::string_view kPlaces[] = {
    "/dev",       "/dev/console",  "/dev/mqueue",      "/dev/pts", "/dev/shm",
    "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/proc",    "/sys",
};
constexpr std::string_view kHolders[] = {"", "/dev", "/etc"};

template <size_t Size>
bool is_among(std::string_view path, const std::string_view (&list)[Size])
{
    for (std::string_view each : list)
        if (path == each)
            return true;
    return false;
}

bool same_time(timespec a, timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool same_attributes(const struct stat& a, const struct stat& b, bool times)
{
    return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid &&
           (S_ISDIR(a.st_mode) || (a.st_size == b.st_size && a.st_rdev == b.st_rdev)) &&
           (!times || same_time(a.st_mtim, b.st_mtim));
}

int by_name(const void* a, const void* b)
{
    return (*static_cast<const String* const*>(a))->compare(**static_cast<const String* const*>(b));
}

using Stack = Vector<Fd>;  // of one directory, top layer first

// A name in the layers below.
struct Below {
    std::optional<struct stat> facts;
    Stack stack;  // when it is a directory
};

Result<Below> look_below(const Stack& parents, const String& name)
{
    Below found;
    for (const Fd& parent : parents) {
        auto facts = sys::stat_at(parent, name);
        if (!facts && facts.error().is(ENOENT))
            continue;
        struct stat here = TRY(std::move(facts));
        if (archive::is_whiteout(here) || (found.facts && !S_ISDIR(here.st_mode)))
            break;
        if (!found.facts)
            found.facts = here;
        if (!S_ISDIR(here.st_mode))
            break;
        Fd directory = TRY(sys::open_at(parent, name, kDirectory));
        bool last = archive::is_opaque(directory);
        found.stack.push_back(std::move(directory));
        if (last)
            break;
    }
    return found;
}

class Comparison {
public:
    // True when a name was added or removed in it.
    Result<bool> directory(const Fd& own, const Stack& below, const String& path, bool whole,
                           int depth);
    Vector<Change> take() { return std::move(changes_); }

private:
    Result<bool> item(const Fd& own, const Stack& below, const String& name, const String& path,
                      bool whole, int depth);
    Result<void> common_directory(const Fd& own, const Below& below, const struct stat& facts,
                                  const String& path, bool whole, int depth);
    Result<void> add(char kind, const String& path);

    // What is too deep.
    bool leave_out();

    Vector<Change> changes_;
    bool told_ = false;
};

bool Comparison::leave_out()
{
    if (!std::exchange(told_, true))
        log::warn("what is more than %d directories deep is left out", kMaxDepth);
    return false;
}

Result<void> Comparison::add(char kind, const String& path)
{
    if (changes_.size() >= kMaxChanges)
        return Error(E2BIG, "more than %zu files have changed", kMaxChanges);
    changes_.push_back({kind, path});
    return {};
}

// A directory that was there before: changed when it is other than it was, or its names are.
Result<void> Comparison::common_directory(const Fd& own, const Below& below,
                                          const struct stat& facts, const String& path, bool whole,
                                          int depth)
{
    size_t before = changes_.size();
    TRY(add('C', path));
    bool other = !same_attributes(facts, *below.facts, !is_among(path, kHolders));
    bool names =
        TRY(directory(own, below.stack, path, whole || archive::is_opaque(own), depth + 1));
    if (!other && !names)
        changes_.erase(changes_.begin() + static_cast<ptrdiff_t>(before));
    return {};
}

Result<bool> Comparison::item(const Fd& own, const Stack& stack, const String& name,
                              const String& path, bool whole, int depth)
{
    Below below = TRY(look_below(stack, name), "%s", path.c_str());
    auto facts = sys::stat_at(own, name);
    if (!facts && !facts.error().is(ENOENT))
        return std::move(facts).error();
    if (!facts || archive::is_whiteout(*facts)) {
        if (below.facts)
            TRY(add('D', path));
        return below.facts.has_value();
    }
    bool place = is_among(path, kPlaces);
    if (!S_ISDIR(facts->st_mode)) {
        if (!below.facts && place)
            return false;
        if (!below.facts || !whole || !same_attributes(*facts, *below.facts, true))
            TRY(add(below.facts ? 'C' : 'A', path));
        return !below.facts;
    }
    auto opened = sys::open_at(own, name, kDirectory);
    if (!opened)
        return opened.error().is(ENOENT) || opened.error().is(ENOTDIR)
                   ? Result<bool>(false)
                   : std::move(opened).error().context("%s", path.c_str());
    if (below.facts && S_ISDIR(below.facts->st_mode)) {
        TRY(common_directory(*opened, below, *facts, path, whole, depth));
        return false;
    }
    if (!place)
        TRY(add(below.facts ? 'C' : 'A', path));
    TRY(directory(*opened, {}, path, true, depth + 1));
    return !below.facts && !place;
}

Result<bool> Comparison::directory(const Fd& own, const Stack& below, const String& path,
                                   bool whole, int depth)
{
    if (depth > kMaxDepth)
        return leave_out();
    Vector<String> names = TRY(fs::list(own), "%s", path.c_str());
    if (whole)
        for (const Fd& layer : below)
            for (String& name : TRY(fs::list(layer), "%s", path.c_str()))
                names.push_back(std::move(name));
    Vector<const String*> sorted;
    for (const String& name : names)
        sorted.push_back(&name);
    if (!sorted.empty())
        ::qsort(sorted.data(), sorted.size(), sizeof(sorted[0]), by_name);
    bool changed = false;
    for (size_t i = 0; i < sorted.size(); i++) {
        if (i > 0 && *sorted[i] == *sorted[i - 1])
            continue;
        const String& name = *sorted[i];
        changed |= TRY(item(own, below, name, path + "/" + name, whole, depth));
    }
    return changed;
}

}  // namespace

Result<Vector<Change>> find_changes(const Spec& spec, const Fd& store)
{
    // One descriptor for each layer and level.
    rlimit files;
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &files);
    }
    Fd directory = TRY(sys::open_at(store, "containers/" + spec.id, O_PATH | O_DIRECTORY));
    bool copied = bool(sys::stat_at(directory, "copied"));
    auto own = sys::open_at(directory, copied ? "root" : "upper", kDirectory);
    if (!own && own.error().is(ENOENT))
        return Vector<Change>();
    Fd top = TRY(std::move(own));
    Stack layers;
    for (auto layer = spec.layers.rbegin(); layer != spec.layers.rend(); ++layer)
        layers.push_back(
            TRY(sys::open_at(store, str::format("layers/%u/tree", *layer), kDirectory)));
    Comparison comparison;
    TRY(comparison.directory(top, layers, "", copied, 0));
    return comparison.take();
}

}  // namespace kist::container
