// top.cpp - `kist top`: the processes of a container, as ps(1) would list them on the host.
//
// docker runs the host's ps for it; a board may have none, so the common fields are made here from
// /proc.  Each is a row of the table below.

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/say.h"
#include "container/cgroup.h"
#include "container/container.h"
#include "container/processes.h"
#include "container/sweep.h"
#include "service/engine.h"

namespace kist::cli {

namespace {

using container::ProcessFacts;

constexpr size_t kMaxCommandLine = 64 << 10;

struct Moment {
    int64_t now = 0;      // seconds since 1970
    int64_t booted = 0;   // the same, of the kernel's start
    int64_t ticks = 100;  // a second
};

String number(unsigned long long value)
{
    return str::format("%llu", value);
}

String clock_text(int64_t seconds)
{
    auto part = [&](int64_t unit, int64_t limit) { return int(seconds / unit % limit); };
    return str::format("%02lld:%02d:%02d", static_cast<long long>(seconds / 3600), part(60, 60),
                       part(1, 60));
}

int64_t age(const ProcessFacts& p, const Moment& m)
{
    return std::max<int64_t>(0, m.now - m.booted - int64_t(p.start) / m.ticks);
}

String start_time(const ProcessFacts& p, const Moment& m)
{
    // "2026-11-22T11:24:00Z": the time of today, or the day.
    String text = clock::to_text(m.now - age(p, m));
    return age(p, m) < 24 * 3600 ? text.substr(11, 5) : text.substr(5, 5);
}

// Share of a processor since it was started, in tenths of a per cent.
long long share(const ProcessFacts& p, const Moment& m)
{
    int64_t seconds = std::max<int64_t>(1, age(p, m));
    return static_cast<long long>(int64_t(p.ticks) * 1000 / m.ticks / seconds);
}

String terminal(const ProcessFacts& p, const Moment&)
{
    // tty_nr of proc(5): the minor number is in bits 31-20 and 7-0.
    unsigned device = unsigned(p.terminal);
    unsigned major = device >> 8 & 0xfff, minor = (device & 0xff) | (device >> 12 & 0xfff00);
    if (major >= 136 && major <= 143)
        return str::format("pts/%u", minor + (major - 136) * 256);
    return device == 0 ? "?" : major == 4 ? str::format("tty%u", minor) : "tty";
}

String command_line(const ProcessFacts& p, const Moment&)
{
    auto text = fs::read_path(str::format("/proc/%d/cmdline", p.pid), kMaxCommandLine);
    if (!text || text->empty())
        return "[" + str::printable(p.name, 64) + "]";
    for (char& c : *text)
        if (c == '\0')
            c = ' ';
    return str::printable(str::trim(*text), kMaxCommandLine);
}

struct Field {
    const char* name;   // as -o takes it
    const char* title;  // nullptr: the name in capitals does
    String (*text)(const ProcessFacts&, const Moment&);
};

using F = const ProcessFacts&;
using M = const Moment&;

// clang-format off
constexpr Field kFields[] = {
    {"args",    "COMMAND", command_line},
    {"c",       "C",       [](F p, M m) { return number(static_cast<unsigned long long>(share(p, m) / 10)); }},
    {"cmd",     "CMD",     command_line},
    {"comm",    "COMMAND", [](F p, M) { return str::printable(p.name, 64); }},
    {"command", "COMMAND", command_line},
    {"cputime", "TIME",    [](F p, M m) { return clock_text(int64_t(p.ticks) / m.ticks); }},
    {"etime",   "ELAPSED", [](F p, M m) { return clock_text(age(p, m)); }},
    {"etimes",  "ELAPSED", [](F p, M m) { return str::format("%lld", static_cast<long long>(age(p, m))); }},
    {"ni",      "NI",      [](F p, M) { return str::format("%lld", p.nice); }},
    {"nice",    "NI",      [](F p, M) { return str::format("%lld", p.nice); }},
    {"nlwp",    "NLWP",    [](F p, M) { return str::format("%lld", p.threads); }},
    {"pcpu",    "%CPU",    [](F p, M m) { return str::format("%lld.%lld", share(p, m) / 10, share(p, m) % 10); }},
    {"%cpu",    "%CPU",    [](F p, M m) { return str::format("%lld.%lld", share(p, m) / 10, share(p, m) % 10); }},
    {"pid",     "PID",     [](F p, M) { return str::format("%d", p.pid); }},
    {"ppid",    "PPID",    [](F p, M) { return str::format("%d", p.parent); }},
    {"pri",     "PRI",     [](F p, M) { return str::format("%lld", 39 - p.priority); }},
    {"rss",     "RSS",     [](F p, M) { return number(p.resident * (unsigned(::sysconf(_SC_PAGESIZE)) / 1024)); }},
    {"s",       "S",       [](F p, M) { return String(1, p.state); }},
    {"stat",    "STAT",    [](F p, M) { return String(1, p.state); }},
    {"state",   "S",       [](F p, M) { return String(1, p.state); }},
    {"stime",   "STIME",   start_time},
    {"time",    "TIME",    [](F p, M m) { return clock_text(int64_t(p.ticks) / m.ticks); }},
    {"tname",   "TTY",     terminal},
    {"tt",      "TT",      terminal},
    {"tty",     "TTY",     terminal},
    {"uid",     "UID",     [](F p, M) { return number(p.uid); }},
    {"user",    "USER",    [](F p, M) { return number(p.uid); }},
    {"vsz",     "VSZ",     [](F p, M) { return number(p.size / 1024); }},
};
// What people ask ps for, in fields.
constexpr struct { const char* words; const char* fields; } kForms[] = {
    {"-ef",  "uid,pid,ppid,c,stime,tty,time,cmd"},
    {"-eF",  "uid,pid,ppid,c,vsz,rss,stime,tty,time,cmd"},
    {"-f",   "uid,pid,ppid,c,stime,tty,time,cmd"},
    {"-e",   "pid,tty,time,comm"},
    {"-A",   "pid,tty,time,comm"},
    {"aux",  "user,pid,%cpu,vsz,rss,tty,stat,stime,time,command"},
    {"-aux", "user,pid,%cpu,vsz,rss,tty,stat,stime,time,command"},
    {"ax",   "pid,tty,stat,time,command"},
};
// clang-format on

Error unknown(std::string_view what)
{
    String known;
    for (const Field& field : kFields)
        known += (known.empty() ? "" : " ") + String(field.name);
    return Error(EINVAL, "top: \"%.*s\" is no option or field of ps known here", int(what.size()),
                 what.data())
        .with_hint("use -ef, aux, or -o with some of: " + known);
}

struct Shown {
    const Field* field;
    String title;
};

// "pid,comm=NAME" of -o, added to `shown`.
Result<void> add_fields(std::string_view list, Vector<Shown>& shown)
{
    while (!list.empty()) {
        std::string_view title = str::cut(list, ',');
        bool named = title.find('=') != title.npos;
        std::string_view name = str::cut(title, '=');
        const Field* found = nullptr;
        for (const Field& field : kFields)
            if (name == field.name)
                found = &field;
        if (!found)
            return unknown(name);
        shown.push_back({found, named ? String(title) : found->title});
    }
    return {};
}

// The words behind the container's name, as ps(1) reads them.
Result<Vector<Shown>> parse_words(Arguments words)
{
    Vector<Shown> shown;
    const char* form = words.empty() ? kForms[0].fields : nullptr;
    for (size_t i = 0; i < words.size(); i++) {
        std::string_view word = words[i];
        bool everybody = word == "-e" || word == "-A" || word == "ax";
        size_t option = word.find('o');
        if (word == "-o" || word == "-eo" || word == "-Ao" || word == "o" || word == "axo") {
            if (++i == words.size())
                return Error(EINVAL, "top: %.*s needs fields", int(word.size()), word.data());
            TRY(add_fields(words[i], shown));
            continue;
        }
        const char* known = nullptr;
        for (auto& row : kForms)
            if (word == row.words)
                known = row.fields;
        if (known && (!everybody || !form))
            form = known;
        else if (!known && word.starts_with('-') && option != word.npos && option <= 2)
            TRY(add_fields(word.substr(option + 1), shown));
        else if (!known)
            return unknown(word);
    }
    if (shown.empty())
        TRY(add_fields(form, shown));
    return shown;
}

Moment this_moment()
{
    Moment moment = {.now = clock::now(), .ticks = ::sysconf(_SC_CLK_TCK)};
    auto text = fs::read_path("/proc/uptime", 256);
    std::string_view rest = text ? std::string_view(*text) : "0";
    auto up = str::to_integer(str::cut(rest, '.'));
    moment.booted = moment.now - (up ? *up : 0);
    return moment;
}

// Columns as wide as what is in them; the last one as long as it is.
void print_table(const Vector<Vector<String>>& rows)
{
    Vector<size_t> widths(rows[0].size());
    for (auto& row : rows)
        for (size_t i = 0; i < row.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    for (auto& row : rows) {
        String line;
        for (size_t i = 0; i < row.size(); i++) {
            line += row[i];
            if (i + 1 < row.size())
                line.append(widths[i] - row[i].size() + 3, ' ');
        }
        say("%s\n", line.c_str());
    }
}

struct TopFlags {};

Result<int> top(const TopFlags&, const service::Engine& engine, Arguments operands)
{
    Vector<Shown> shown = TRY(parse_words(operands.subspan(1)));
    container::Summary found = TRY(container::find(engine.directories, operands[0]));
    if (!TRY(container::find_process(found.state)))
        return Error(ESRCH, "container \"%s\" is not running", found.spec.name.c_str());
    Moment moment = this_moment();
    Vector<Vector<String>> rows(1);
    for (const Shown& each : shown)
        rows[0].push_back(each.title);
    for (pid_t pid : TRY(container::processes_of(found.state))) {
        auto facts = container::read_process(pid);
        if (!facts)
            continue;  // it has just ended
        Vector<String>& row = rows.emplace_back();
        for (const Shown& each : shown)
            row.push_back(each.field->text(*facts, moment));
    }
    print_table(rows);
    return 0;
}

}  // namespace

extern const Command kTop = {
    .name = "top",
    .operands = "CONTAINER [ARG...]",
    .summary = "List the processes of a container"_help,
    .details =
        "What follows is for ps: -ef unless said, aux, or -o with fields (-o pid,comm).  Users "
        "are\nnumbers, as the host has them.\n"_help,
    .offer = Offer::containers,
    .run = with_engine<TopFlags, top>,
};

}  // namespace kist::cli
