// print.h - what commands print: errors, and rows in any format the user asks for.

#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

// kist: cannot start "web": port 80 is in use by "proxy"
//   hint: stop "proxy", or publish another host port
void report(const Error& error);

// A field of what a command lists, by docker's name for it.
struct Column {
    const char* field;       // "Names"
    const char* title;       // "NAMES"
    bool by_default = true;  // part of the table when no format is given
    bool method = false;     // holds an object, of which {{.Label "x"}} shows one member
};

using Row = Vector<String>;  // one text per column

// Prints `rows` as `format` says: "" the default table, "json" one object a line, "table TEMPLATE"
// or TEMPLATE (template.h), for which a row is an object of texts.  EINVAL names what is wrong.
Result<void> print_rows(std::span<const Column> columns, const Vector<Row>& rows,
                        std::string_view format);

// Prints what an inspect command shows: `documents` are objects in JSON without line breaks.
// `format` is "" for a list with line breaks, "json" for one without, or a template for each.
Result<void> print_documents(const Vector<String>& documents, std::string_view format);

// The same of one document, which "json" prints as it is.
Result<void> print_document(const String& document, std::string_view format);

// Asks on a terminal; a script that did not say --force is told so (EINVAL).
Result<bool> confirm(const char* question);

// "5.36MB", with docker's decimal units.
String human_size(unsigned long long bytes);
// "5.113MiB", with powers of 1024, as docker says what memory is used.
String binary_size(unsigned long long bytes);

}  // namespace kist::cli
