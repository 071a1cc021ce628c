// print.cpp - errors, tables and templates.

#include "cli/print.h"

#include <cstdio>

#include "base/json.h"
#include "base/str.h"

namespace kist::cli {

namespace {

constexpr size_t kGap = 3;  // between columns

std::string known_fields(std::span<const Column> columns)
{
    std::string names;
    for (const Column& column : columns)
        names += (names.empty() ? "" : ", ") + std::string(column.field);
    return names;
}

// \t and \n, as docker's formats have them.
std::string unescape(std::string_view text)
{
    std::string plain;
    for (size_t i = 0; i < text.size(); i++) {
        bool escape = text[i] == '\\' && i + 1 < text.size();
        if (escape && text[i + 1] == 't')
            plain += '\t', i++;
        else if (escape && text[i + 1] == 'n')
            plain += '\n', i++;
        else
            plain += text[i];
    }
    return plain;
}

std::string json_row(std::span<const Column> columns, const Row& row)
{
    json::Text out;
    out.begin('{');
    for (size_t i = 0; i < columns.size(); i++) {
        out.name(columns[i].field);
        out.text(row[i]);
    }
    out.end('}');
    return std::move(out).take();
}

// Appends what stands between the braces: ".Names", "json .", "json .Names".
Result<void> add_field(std::string& line, std::span<const Column> columns, const Row& row,
                       std::string_view action)
{
    std::string_view field = str::trim(action);
    bool as_json = field.starts_with("json ");
    if (as_json)
        field = str::trim(field.substr(5));
    if (as_json && field == ".") {
        line += json_row(columns, row);
        return {};
    }
    for (size_t i = 0; i < columns.size(); i++)
        if (field.starts_with('.') && field.substr(1) == columns[i].field) {
            line += as_json ? json::quote(row[i]) : row[i];
            return {};
        }
    return Error(EINVAL, "--format: \"{{%.*s}}\" is not known here", int(action.size()),
                 action.data())
        .with_hint("fields are " + known_fields(columns) +
                   "; {{.Field}} and {{json .}} are understood");
}

Result<std::string> render(std::span<const Column> columns, std::string_view format, const Row& row)
{
    std::string line;
    for (;;) {
        size_t open = format.find("{{");
        line += unescape(format.substr(0, open));
        if (open == format.npos)
            return line;
        format.remove_prefix(open + 2);
        size_t close = format.find("}}");
        if (close == format.npos)
            return Error(EINVAL, "--format: \"{{\" without \"}}\"");
        TRY(add_field(line, columns, row, format.substr(0, close)));
        format.remove_prefix(close + 2);
    }
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
void print_table(const std::vector<std::string>& lines)
{
    std::vector<size_t> widths;
    for (std::string_view rest : lines)
        for (size_t i = 0; !rest.empty(); i++) {
            size_t width = width_of(str::cut(rest, '\t'));
            if (i == widths.size())
                widths.push_back(0);
            widths[i] = std::max(widths[i], width);
        }
    for (std::string_view rest : lines) {
        std::string out;
        for (size_t i = 0; !rest.empty(); i++) {
            std::string_view cell = str::cut(rest, '\t');
            out += cell;
            if (!rest.empty())
                out.append(widths[i] - width_of(cell) + kGap, ' ');
        }
        puts(out.c_str());
    }
}

}  // namespace

void report(const Error& error)
{
    fflush(stdout);
    fprintf(stderr, "kist: %s\n", error.message().c_str());
    if (!error.hint().empty())
        fprintf(stderr, "  hint: %s\n", error.hint().c_str());
}

Result<void> print_rows(std::span<const Column> columns, const std::vector<Row>& rows,
                        std::string_view format)
{
    if (format == "json") {
        for (const Row& row : rows)
            puts(json_row(columns, row).c_str());
        return {};
    }
    bool table = format.empty() || format.starts_with("table");
    std::string text(format);
    if (table)
        text = format.size() > 6 ? std::string(format.substr(6)) : "";
    if (text.empty())
        for (const Column& column : columns)
            if (column.by_default)
                text += str::format("%s{{.%s}}", text.empty() ? "" : "\\t", column.field);

    Row titles;
    for (const Column& column : columns)
        titles.emplace_back(column.title);
    std::string title = TRY(render(columns, text, titles));  // also says what is wrong with it
    std::vector<std::string> lines;
    if (table)
        lines.push_back(std::move(title));
    for (const Row& row : rows)
        lines.push_back(TRY(render(columns, text, row)));
    if (table)
        print_table(lines);
    else
        for (const std::string& line : lines)
            puts(line.c_str());
    return {};
}

std::string human_size(unsigned long long bytes)
{
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    unsigned long long scale = 1;
    while (unit + 1 < std::size(kUnits) && bytes >= scale * 1000) {
        scale *= 1000;
        unit++;
    }
    if (unit == 0)
        return str::format("%lluB", bytes);
    // Four significant digits, as docker: 5.361MB, 53.61MB, 536.1MB.
    unsigned long long whole = bytes / scale;
    unsigned digits = whole >= 100 ? 1 : whole >= 10 ? 2 : 3;
    unsigned long long ten = digits == 1 ? 10 : digits == 2 ? 100 : 1000;
    std::string fraction = str::format("%0*llu", int(digits), bytes % scale * ten / scale);
    while (fraction.ends_with('0'))
        fraction.pop_back();
    return str::format("%llu%s%s%s", whole, fraction.empty() ? "" : ".", fraction.c_str(),
                       kUnits[unit]);
}

}  // namespace kist::cli
