// location.cpp - a path of the command line, found inside of a root.

#include "container/location.h"

#include "base/path.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

namespace {

constexpr int kPlace = O_PATH | O_DIRECTORY;

String without_end(String path)
{
    for (;;) {
        if (path.ends_with('/'))
            path.pop_back();
        else if (path.ends_with("/."))
            path.resize(path.size() - 2);
        else
            return path;
    }
}

Result<Location> whole(const Fd& root, const String& path)
{
    Location place;
    place.directory = TRY(sys::open_in_root(root, path, kPlace));
    place.mode = TRY(sys::stat(place.directory)).st_mode;
    return place;
}

}  // namespace

bool names_contents(std::string_view path)
{
    return path.ends_with("/.") || path::clean(path) == "/";
}

bool asserts_directory(std::string_view path)
{
    return path.ends_with('/') || path.ends_with("/.");
}

Result<Location> locate(const Fd& root, const String& path, bool follow)
{
    constexpr int kMaxLinks = 40;
    String rest = without_end(path);
    for (int links = 0; links <= kMaxLinks; links++) {
        size_t slash = rest.rfind('/');
        String parent = rest.substr(0, slash == rest.npos ? 0 : slash) + "/";
        Location place;
        place.name = rest.substr(slash + 1);
        if (place.name.empty() || place.name == "." || place.name == "..")
            return whole(root, rest + "/");
        place.directory = TRY(sys::open_in_root(root, parent, kPlace));
        auto facts = sys::stat_at(place.directory, place.name);
        if (!facts && facts.error().is(ENOENT))
            return place;
        place.mode = TRY(std::move(facts)).st_mode;
        if (S_ISLNK(place.mode) && (follow || asserts_directory(path))) {
            String target = TRY(sys::readlink_at(place.directory, place.name));
            rest = without_end(target.starts_with('/') ? target : parent + target);
            continue;
        }
        if (!place.is_directory() && asserts_directory(path))
            return Error(ENOTDIR, "%s is not a directory", path.c_str());
        if (place.is_directory()) {
            place.directory = TRY(sys::open_at(place.directory, place.name, kPlace | O_NOFOLLOW));
            place.name.clear();
        }
        return place;
    }
    return Error(ELOOP, "%s leads through too many links", path.c_str());
}

}  // namespace kist::container
