// print.h - what commands print: errors, and rows in any format the user asks for.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kist::cli {

// kist: cannot start "web": port 80 is in use by "proxy"
//   hint: stop "proxy", or publish another host port
void report(const Error& error);

// A field of what a command lists, by docker's name for it.
struct Column {
    const char* field;       // "Names"
    const char* title;       // "NAMES"
    bool by_default = true;  // part of the table when no format is given
};

using Row = std::vector<std::string>;  // one text per column

// Prints `rows` as `format` says: "" the default table, "json" one object a line, "table TEMPLATE"
// or TEMPLATE with {{.Field}}, {{json .}}, {{json .Field}}, \t and \n.  EINVAL names what is wrong.
Result<void> print_rows(std::span<const Column> columns, const std::vector<Row>& rows,
                        std::string_view format);

// "5.36MB", with docker's decimal units.
std::string human_size(unsigned long long bytes);

}  // namespace kist::cli
