// name.cpp - the names in an archive.

#include "archive/name.h"

#include <climits>

#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

Result<String> clean_name(std::string_view name)
{
    String path;
    if (name.size() >= PATH_MAX)
        return Error(EBADMSG, "its name has %zu bytes, more than %d", name.size(), PATH_MAX - 1);
    while (!name.empty()) {
        std::string_view part = str::cut(name, '/');
        if (part.empty() || part == ".")
            continue;
        if (part == "..")
            return Error(EBADMSG, "its name leads upwards (\"..\")");
        if (part.size() > NAME_MAX)
            return Error(EBADMSG, "a part of its name has %zu bytes, more than %d", part.size(),
                         NAME_MAX);
        if (!path.empty())
            path += '/';
        path.append(part);
    }
    return path;
}

std::string_view parent_of(std::string_view path)
{
    size_t slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : path.substr(0, slash);
}
std::string_view base_of(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace kist::archive
