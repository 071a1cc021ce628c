// path.cpp - path names as text.

#include "base/path.h"

#include "base/str.h"
#include "base/string.h"

namespace kist::path {

String join(std::string_view directory, std::string_view name)
{
    if (name.starts_with('/') || directory.empty())
        return String(name);
    String joined(directory);
    if (!joined.ends_with('/'))
        joined += '/';
    return joined.append(name);
}

String clean(std::string_view path)
{
    bool absolute = path.starts_with('/');
    String result;
    while (!path.empty()) {
        std::string_view part = str::cut(path, '/');
        if (part.empty() || part == ".")
            continue;
        if (part == "..") {
            size_t slash = result.rfind('/');
            result.resize(slash == result.npos ? 0 : slash);
            continue;
        }
        if (!result.empty() || absolute)
            result += '/';
        result.append(part);
    }
    if (result.empty())
        return absolute ? "/" : ".";
    return result;
}

std::string_view base(std::string_view path)
{
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    size_t slash = path.rfind('/');
    return slash == path.npos || path.size() == 1 ? path : path.substr(slash + 1);
}

std::string_view directory(std::string_view path)
{
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    size_t slash = path.rfind('/');
    if (slash == path.npos)
        return ".";
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

}  // namespace kist::path
