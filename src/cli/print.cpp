// print.cpp - errors, tables and templates.

#include "cli/print.h"

#include <unistd.h>

#include <algorithm>

#include "base/json.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/say.h"
#include "cli/template.h"

namespace kist::cli {

namespace {

constexpr size_t kGap = 3;  // between columns

// A row as an object: {"Names":"web",...}.  Columns that are methods hold JSON, and are left out of
// what {{json .}} prints.
String object_of(std::span<const Column> columns, const Row& row, bool methods, bool titles)
{
    json::Text out;
    out.begin('{');
    for (size_t i = 0; i < columns.size(); i++) {
        if (columns[i].method && !methods)
            continue;
        out.name(columns[i].field);
        if (columns[i].method && !titles)
            out.raw(row[i]);
        else
            out.text(row[i]);
    }
    out.end('}');
    return std::move(out).take();
}

Result<String> render(std::span<const Column> columns, std::string_view format, const Row& row,
                      bool titles = false)
{
    String whole = object_of(columns, row, false, titles);
    json::Document document =
        TRY(json::Document::parse(object_of(columns, row, true, titles)), "--format");
    return render_template(format, {document.root(), whole, titles});
}

// The JSON of `node` with line breaks.
Result<void> write_pretty(json::Text& out, const json::Node& node)
{
    if (node.is_object()) {
        out.begin('{');
        for (const json::Member& member : TRY(node.members())) {
            out.name(member.name);
            TRY(write_pretty(out, member.value));
        }
        out.end('}');
    } else if (node.is_array()) {
        out.begin('[');
        for (const json::Node& element : TRY(node.elements()))
            TRY(write_pretty(out, element));
        out.end(']');
    } else {
        out.raw(node.source());
    }
    return {};
}

// Characters on the screen, near enough: UTF-8's continuation bytes do not count.
size_t width_of(std::string_view text)
{
    size_t width = 0;
    for (char c : text)
        width += (c & 0xc0) != 0x80;
    return width;
}

// Lines whose cells are separated by tabs, made into columns.
void print_table(const Vector<String>& lines)
{
    Vector<size_t> widths;
    for (std::string_view rest : lines)
        for (size_t i = 0; !rest.empty(); i++) {
            size_t width = width_of(str::cut(rest, '\t'));
            if (i == widths.size())
                widths.push_back(0);
            widths[i] = std::max(widths[i], width);
        }
    for (std::string_view rest : lines) {
        String out;
        for (size_t i = 0; !rest.empty(); i++) {
            std::string_view cell = str::cut(rest, '\t');
            out += cell;
            if (!rest.empty())
                out.append(widths[i] - width_of(cell) + kGap, ' ');
        }
        say_line(out);
    }
}

}  // namespace

void report(const Error& error)
{
    (void)flush();
    tell(Where::errors, "kist: %s\n", error.message().c_str());
    bool full = error.hint().empty() && (error.is(ENOSPC) || error.is(EDQUOT));
    if (full || !error.hint().empty())
        tell(Where::errors, "  hint: %s\n",
             full ? "make room there; \"kist system prune\" removes what kist keeps unused"
                  : error.hint().c_str());
}

Result<void> print_rows(std::span<const Column> columns, const Vector<Row>& rows,
                        std::string_view format)
{
    if (format == "json") {
        for (const Row& row : rows)
            say_line(object_of(columns, row, false, false));
        return {};
    }
    bool table = format.empty() || format.starts_with("table");
    String text(format);
    if (table)
        text = format.size() > 6 ? String(format.substr(6)) : "";
    if (text.empty())
        for (const Column& column : columns)
            if (column.by_default)
                text += str::format("%s{{.%s}}", text.empty() ? "" : "\\t", column.field);

    TRY(check_template(text));  // however few rows there are
    Vector<String> lines;
    if (table) {
        Row titles;
        for (const Column& column : columns)
            titles.emplace_back(column.title);
        lines.push_back(TRY(render(columns, text, titles, true)));
    }
    for (const Row& row : rows)
        lines.push_back(TRY(render(columns, text, row)));
    if (table)
        print_table(lines);
    else
        for (const String& line : lines)
            say_line(line);
    return {};
}

Result<void> print_documents(const Vector<String>& documents, std::string_view format)
{
    if (format == "json") {
        String line;
        for (const String& text : documents)
            line += (line.empty() ? "" : ",") + text;
        say("[%s]\n", line.c_str());
        return {};
    }
    TRY(check_template(format));
    json::Text pretty(json::Layout::pretty);
    pretty.begin('[');
    for (const String& text : documents) {
        json::Document document = TRY(json::Document::parse(text), "what is to be shown");
        if (format.empty())
            TRY(write_pretty(pretty, document.root()));
        else
            say_line(TRY(render_template(format, {document.root()})));
    }
    pretty.end(']');
    if (format.empty())
        say_line(std::move(pretty).take());
    return {};
}

Result<void> print_document(const String& document, std::string_view format)
{
    if (format != "json")
        return print_documents({document}, format);
    say_line(document);
    return {};
}

namespace {

// Four significant digits of `bytes` in the largest unit that fits, each `step` of the one before.
String in_units(unsigned long long bytes, unsigned step, const char* const* units)
{
    unsigned long long scale = 1;
    size_t unit = 0;
    for (; unit < 5 && bytes / step >= scale; unit++)
        scale *= step;
    if (unit == 0)
        return str::format("%llu%s", bytes, units[0]);
    unsigned long long whole = bytes / scale;
    unsigned digits = whole >= 1000 ? 0 : whole >= 100 ? 1 : whole >= 10 ? 2 : 3;
    unsigned long long ten = digits == 0 ? 1 : digits == 1 ? 10 : digits == 2 ? 100 : 1000;
    // In two steps, as the rest of many bytes times a thousand may be too large a number.
    unsigned long long rest = bytes % scale, part = scale >= 1'000'000 ? scale / 1000 : 1;
    unsigned long long fraction = rest / part * ten / (scale / part);
    String text = str::format("%0*llu", int(digits), fraction);
    while (text.ends_with('0'))
        text.pop_back();
    if (digits == 0)
        text.clear();
    return str::format("%llu%s%s%s", whole, text.empty() ? "" : ".", text.c_str(), units[unit]);
}

}  // namespace

Result<bool> confirm(const char* question)
{
    if (!::isatty(0))
        return Error(EINVAL, "stdin is no terminal, so the question cannot be asked")
            .with_hint("use --force");
    tell(Where::errors, "%s [y/N] ", question);
    String answer = read_line(1);
    return answer == "y" || answer == "Y";
}

String human_size(unsigned long long bytes)
{
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    return in_units(bytes, 1000, kUnits);
}

String binary_size(unsigned long long bytes)
{
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    return in_units(bytes, 1024, kUnits);
}

}  // namespace kist::cli
