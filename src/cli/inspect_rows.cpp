// inspect_rows.cpp - from rows of paths to an object of objects.

#include "base/str.h"
#include "base/string.h"
#include "cli/inspect.h"

namespace kist::cli {

namespace {

// "HostConfig.LogConfig" of "HostConfig.LogConfig.Type"; "" of "Id".
std::string_view parent_of(std::string_view path)
{
    size_t dot = path.rfind('.');
    return path.substr(0, dot == path.npos ? 0 : dot);
}

bool is_within(std::string_view path, std::string_view group)
{
    return group.empty() || path == group || (path.starts_with(group) && path[group.size()] == '.');
}

}  // namespace

String write_rows(std::span<const InspectRow> rows, const Subject& subject)
{
    json::Text out;
    out.begin('{');
    std::string_view group;  // the object that is open
    for (const InspectRow& row : rows) {
        std::string_view path = row.path, parent = parent_of(path);
        for (; !is_within(parent, group); group = parent_of(group))
            out.end('}');
        while (group != parent) {
            std::string_view rest = parent.substr(group.empty() ? 0 : group.size() + 1);
            std::string_view name = str::cut(rest, '.');
            out.name(name);
            out.begin('{');
            group = parent.substr(0, size_t(name.end() - parent.begin()));
        }
        out.name(path.substr(parent.empty() ? 0 : parent.size() + 1));
        if (row.constant)
            out.raw(row.constant);
        else
            row.write(out, subject);
    }
    for (; !group.empty(); group = parent_of(group))
        out.end('}');
    out.end('}');
    return std::move(out).take();
}

}  // namespace kist::cli
