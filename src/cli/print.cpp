// print.cpp - errors, tables and templates.

#include "cli/print.h"

#include <cstdio>

#include "base/json.h"
#include "base/str.h"

namespace kist::cli {

namespace {

constexpr size_t kGap = 3;  // between columns

// One piece of a template: text as it stands, or a field.
struct Piece {
    std::string text;
    int column = -1;       // -1: text; else an index
    bool as_json = false;  // {{json .Field}}, or {{json .}} with column == kWhole
};
constexpr int kWhole = -2;

std::string known_fields(std::span<const Column> columns)
{
    std::string names;
    for (const Column& column : columns)
        names += (names.empty() ? "" : ", ") + std::string(column.field);
    return names;
}

// What stands between the braces: ".Names", "json .", "json .Names".
Result<Piece> parse_action(std::span<const Column> columns, std::string_view action)
{
    Piece piece;
    std::vector<std::string_view> words = str::words(action);
    if (words.size() == 2 && words[0] == "json") {
        piece.as_json = true;
        words.erase(words.begin());
    }
    if (words.size() == 1 && words[0] == "." && piece.as_json) {
        piece.column = kWhole;
        return piece;
    }
    if (words.size() == 1 && words[0].starts_with('.'))
        for (size_t i = 0; i < columns.size(); i++)
            if (words[0].substr(1) == columns[i].field) {
                piece.column = int(i);
                return piece;
            }
    return Error(EINVAL, "--format: \"{{%.*s}}\" is not known here", int(action.size()),
                 action.data())
        .with_hint("fields are " + known_fields(columns) +
                   "; {{.Field}} and {{json .}} are understood");
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

Result<std::vector<Piece>> parse_template(std::span<const Column> columns, std::string_view text)
{
    std::vector<Piece> pieces;
    while (!text.empty()) {
        size_t open = text.find("{{");
        if (open != 0) {
            Piece literal;
            literal.text = unescape(text.substr(0, open));
            pieces.push_back(std::move(literal));
            text.remove_prefix(std::min(open, text.size()));
            continue;
        }
        size_t close = text.find("}}");
        if (close == text.npos)
            return Error(EINVAL, "--format: \"{{\" without \"}}\"");
        pieces.push_back(TRY(parse_action(columns, text.substr(2, close - 2))));
        text.remove_prefix(close + 2);
    }
    return pieces;
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

std::string render(std::span<const Column> columns, const std::vector<Piece>& pieces,
                   const Row& row)
{
    std::string line;
    for (const Piece& piece : pieces)
        if (piece.column == kWhole)
            line += json_row(columns, row);
        else if (piece.column < 0)
            line += piece.text;
        else if (piece.as_json)
            line += json::quote(row[size_t(piece.column)]);
        else
            line += row[size_t(piece.column)];
    return line;
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

    std::vector<Piece> pieces = TRY(parse_template(columns, text));
    std::vector<std::string> lines;
    if (table) {
        Row titles;
        for (const Column& column : columns)
            titles.emplace_back(column.title);
        lines.push_back(render(columns, pieces, titles));
    }
    for (const Row& row : rows)
        lines.push_back(render(columns, pieces, row));
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
