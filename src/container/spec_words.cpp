// spec_words.cpp - docker's small languages inside of flags.

#include "container/spec_words.h"

#include <csignal>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/names.h"

namespace kist::container {

namespace {

constexpr size_t kMaxFile = 1 << 20;  // of an --env-file

Error bad(const char* flag, std::string_view text, const char* why)
{
    return Error(EINVAL, "--%s %.*s: %s", flag, int(text.size()), text.data(), why);
}

Result<String> absolute_target(const char* flag, std::string_view text, std::string_view target)
{
    if (!target.starts_with('/'))
        return bad(flag, text, "the path in the container must be absolute");
    String cleaned = path::clean(target);
    if (cleaned == "/")
        return bad(flag, text, "the container's \"/\" cannot be mounted over");
    return cleaned;
}

// "./data" and "/data" are paths of the host; a bare word is a volume's name.
bool is_path(std::string_view source)
{
    return source.starts_with('/') || source.starts_with('.');
}

Result<String> host_path(std::string_view source)
{
    if (source.starts_with('/'))
        return path::clean(source);
    String here = TRY(sys::readlink_at(sys::borrow(AT_FDCWD), "/proc/self/cwd"));
    return path::clean(path::join(here, source));
}

// What a word of --volume or --tmpfs sets: a field to a value, or the propagation to itself.
struct VolumeWord {
    const char* word;
    bool Mount::*field = nullptr;
    bool value = false;
    bool propagation = false;
};

// clang-format off
constexpr VolumeWord kVolumeWords[] = {
    {"Z"},  // SELinux labels: accepted, as there is nothing to relabel
    {"bind",     &Mount::flat, true},
    {"cached"},
    {"consistent"},
    {"delegated"},
    {"dev",      &Mount::no_dev, false},
    {"exec",     &Mount::no_exec, false},
    {"nodev",    &Mount::no_dev, true},
    {"nocopy",   &Mount::copy_up, false},
    {"noexec",   &Mount::no_exec, true},
    {"nosuid",   &Mount::no_suid, true},
    {"private",  nullptr, false, true},
    {"rbind",    &Mount::flat, false},
    {"ro",       &Mount::read_only, true},
    {"rprivate", nullptr, false, true},
    {"rshared",  nullptr, false, true},
    {"rslave",   nullptr, false, true},
    {"rw",       &Mount::read_only, false},
    {"shared",   nullptr, false, true},
    {"slave",    nullptr, false, true},
    {"suid",     &Mount::no_suid, false},
    {"z"},
};
// clang-format on

// Whether there is such a word.
bool apply_volume_word(Mount& mount, std::string_view word)
{
    for (const VolumeWord& row : kVolumeWords) {
        if (word != row.word)
            continue;
        if (row.field)
            mount.*row.field = row.value;
        if (row.propagation)
            mount.propagation = word;
        return true;
    }
    return false;
}

Error unknown_word(const char* flag, std::string_view text, const char* kind, std::string_view word)
{
    return bad(flag, text,
               str::format("unknown %s \"%.*s\"", kind, int(word.size()), word.data()).c_str());
}

bool is_true(std::string_view value)
{
    bool truth = value.empty();
    (void)str::read_boolean(value, truth);
    return truth;
}

void add_option(Mount& mount, const char* name, std::string_view value)
{
    mount.options += str::format("%s%s=%.*s", mount.options.empty() ? "" : ",", name,
                                 int(value.size()), value.data());
}

// NAME=VALUE of volume-label and volume-opt; a label may have no value.
void add_pair(json::Map& map, std::string_view pair)
{
    std::string_view name = str::cut(pair, '=');
    map.emplace_back(name, pair);
}

Result<void> set_mount_field(Mount& mount, std::string_view text, std::string_view key,
                             std::string_view value)
{
    if (key == "source" || key == "src")
        mount.source = value;
    else if (key == "target" || key == "dst" || key == "destination")
        mount.target = TRY(absolute_target("mount", text, value));
    else if (key == "readonly" || key == "ro")
        mount.read_only = is_true(value);
    else if (key == "bind-propagation")
        mount.propagation = value;
    else if (key == "bind-nonrecursive")
        mount.flat = is_true(value);
    else if (key == "volume-nocopy")
        mount.copy_up = !is_true(value);
    else if (key == "volume-label")
        add_pair(mount.labels, value);
    else if (key == "volume-opt")
        add_pair(mount.driver_options, value);
    else if (key == "tmpfs-size") {
        TRY(str::to_bytes(value), "--mount tmpfs-size");
        add_option(mount, "size", value);
    } else if (key == "tmpfs-mode")
        add_option(mount, "mode", value);
    else if (key != "type" && key != "consistency" && key != "relabel" &&
             !(key == "volume-driver" && value == "local"))
        return unknown_word("mount", text, "key", key);
    return {};
}

// What `source` means depends on the type, which may be named after it.
Result<void> set_mount_type(Mount& mount, std::string_view text, std::string_view type)
{
    if (type == "tmpfs") {
        mount.kind = Mount::Kind::tmpfs;
        if (!mount.source.empty())
            return bad("mount", text, "a tmpfs has no source");
    } else if (type == "volume") {
        mount.kind = Mount::Kind::volume;
        if (!mount.source.empty())
            TRY(check_name(mount.source, "volume"), "--mount");
    } else if (type == "bind") {
        if (mount.source.empty())
            return bad("mount", text, "source is missing");
        if (!is_path(mount.source))
            return bad("mount", text, "the source of a bind is a path: \"./NAME\" or absolute");
        mount.source = TRY(host_path(mount.source));
        mount.must_exist = true;
    } else {
        return bad("mount", text, "type must be bind, tmpfs or volume");
    }
    mount.copy_up &= mount.kind == Mount::Kind::volume;
    return {};
}

struct SignalName {
    const char* name;
    int number;
};

// clang-format off
constexpr SignalName kSignals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CONT", SIGCONT}, {"FPE", SIGFPE},   {"HUP", SIGHUP},       {"ILL", SIGILL},
    {"INT", SIGINT},   {"IO", SIGIO},     {"KILL", SIGKILL},     {"PIPE", SIGPIPE},
    {"PROF", SIGPROF}, {"PWR", SIGPWR},   {"QUIT", SIGQUIT},     {"SEGV", SIGSEGV},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};
// clang-format on

constexpr int kFirstRealtime = 34;  // what programs see as SIGRTMIN: libc keeps 32 and 33
constexpr int kLastSignal = 64;

}  // namespace

Result<Mount> parse_volume(std::string_view text)
{
    std::string_view rest = text;
    std::string_view first = str::cut(rest, ':');
    bool has_target = first.size() < text.size();
    std::string_view second = str::cut(rest, ':');
    Mount mount;
    mount.propagation = "rprivate";
    if (!has_target) {
        mount.kind = Mount::Kind::volume;
        mount.copy_up = true;
        mount.target = TRY(absolute_target("volume", text, first));
        return mount;
    }
    if (is_path(first)) {
        mount.source = TRY(host_path(first));
    } else {
        auto good = check_name(first, "volume");
        if (!good)
            return std::move(good).error().with_hint(
                "a volume's name has letters, digits, '_', '.' and '-' only; a path begins with "
                "\"/\" or \"./\"");
        mount.kind = Mount::Kind::volume;
        mount.copy_up = true;
        mount.source = first;
    }
    mount.target = TRY(absolute_target("volume", text, second));
    while (!rest.empty()) {
        std::string_view word = str::cut(rest, ',');
        if (!apply_volume_word(mount, word))
            return unknown_word("volume", text, "option", word);
    }
    return mount;
}

Result<Mount> parse_mount(std::string_view text)
{
    Mount mount;
    mount.propagation = "rprivate";
    mount.copy_up = true;
    std::string_view type = "volume";
    for (std::string_view rest = text; !rest.empty();) {
        std::string_view value = str::cut(rest, ',');
        std::string_view key = str::cut(value, '=');
        if (key == "type")
            type = value;
        TRY(set_mount_field(mount, text, key, value));
    }
    if (mount.target.empty())
        return bad("mount", text, "target is missing");
    TRY(set_mount_type(mount, text, type));
    for (const VolumeWord& row : kVolumeWords)
        if (row.propagation && mount.propagation == row.word)
            return mount;
    return bad("mount", text, "bind-propagation must be one of [r]private, [r]slave, [r]shared");
}

Result<Mount> parse_tmpfs(std::string_view text)
{
    std::string_view options = text;
    std::string_view target = str::cut(options, ':');
    Mount mount;
    mount.kind = Mount::Kind::tmpfs;
    mount.target = TRY(absolute_target("tmpfs", text, target));
    mount.no_exec = mount.no_suid = mount.no_dev = true;  // docker's defaults
    while (!options.empty()) {
        std::string_view word = str::cut(options, ',');
        if (apply_volume_word(mount, word))
            continue;
        if (word.starts_with("size=") || word.starts_with("mode=") || word.starts_with("uid=") ||
            word.starts_with("gid=") || word.starts_with("nr_inodes="))
            mount.options += (mount.options.empty() ? "" : ",") + String(word);
        else
            return unknown_word("tmpfs", text, "option", word);
    }
    return mount;
}

Result<Device> parse_device(std::string_view text)
{
    std::string_view rest = text;
    Device device;
    device.source = str::cut(rest, ':');
    std::string_view second = str::cut(rest, ':');
    std::string_view third = str::cut(rest, ':');
    bool only_rights = !second.empty() && !second.starts_with('/') && third.empty();
    device.target = second.empty() || only_rights ? device.source : String(second);
    device.permissions = only_rights ? String(second) : third.empty() ? "rwm" : String(third);
    if (!device.source.starts_with('/') || !rest.empty())
        return bad("device", text, "give an absolute path, as in /dev/ttyUSB0[:/dev/tty0[:rwm]]");
    if (device.permissions.find_first_not_of("rwm") != String::npos)
        return bad("device", text, "the rights are r, w and m");
    device.target = TRY(absolute_target("device", text, device.target));
    return device;
}

Result<Ulimit> parse_ulimit(std::string_view text)
{
    constexpr std::string_view kNames[] = {
        "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
        "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};
    auto [name, values] = TRY(parse_pair(text, "ulimit"));
    bool known = false;
    for (std::string_view each : kNames)
        known = known || each == name;
    if (!known)
        return bad("ulimit", text, "unknown limit");

    auto number = [](std::string_view word) -> Result<uint64_t> {
        if (word == "-1" || word == "unlimited")
            return UINT64_MAX;
        long long value = TRY(str::to_integer(word));
        if (value < 0)
            return Error(ERANGE, "%lld is negative", value);
        return uint64_t(value);
    };
    Ulimit limit;
    limit.name = name;
    std::string_view rest = values;
    std::string_view soft = str::cut(rest, ':');
    limit.soft = TRY(number(soft), "--ulimit %s", name.c_str());
    limit.hard = rest.empty() ? limit.soft : TRY(number(rest), "--ulimit %s", name.c_str());
    if (limit.soft > limit.hard)
        return bad("ulimit", text, "the soft limit is above the hard one");
    return limit;
}

Result<std::pair<String, String>> parse_pair(std::string_view text, const char* flag)
{
    std::string_view value = text;
    std::string_view name = str::cut(value, '=');
    if (name.empty() || name.size() == text.size())
        return bad(flag, text, "expected NAME=VALUE");
    return std::pair(String(name), String(value));
}

Result<Vector<String>> read_lines_of(const String& path)
{
    String contents = TRY(fs::read_path(path, kMaxFile));
    Vector<String> lines;
    for (std::string_view rest = contents; !rest.empty();) {
        std::string_view line = str::cut(rest, '\n');
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (!line.empty() && !line.starts_with('#'))
            lines.emplace_back(line);
    }
    return lines;
}

Result<int> parse_signal(std::string_view text)
{
    auto number = str::to_integer(text);
    if (number && *number > 0 && *number <= kLastSignal)
        return int(*number);

    String name;
    for (char c : text)
        name += char(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    if (name.starts_with("SIG"))
        name.erase(0, 3);
    for (const SignalName& signal : kSignals)
        if (name == signal.name)
            return signal.number;
    bool from_first = name.starts_with("RTMIN");
    if (from_first || name.starts_with("RTMAX")) {
        auto offset = name.size() == 5 ? Result<long long>(0)
                                       : str::to_integer(name.substr(name[5] == '+' ? 6 : 5));
        long long signal =
            (from_first ? kFirstRealtime : kLastSignal) + (offset ? *offset : kLastSignal);
        if (signal >= kFirstRealtime && signal <= kLastSignal)
            return int(signal);
    }
    return Error(EINVAL, "\"%.*s\" is not a signal", int(text.size()), text.data())
        .with_hint("give a name (TERM, SIGTERM) or a number (15)");
}

}  // namespace kist::container
