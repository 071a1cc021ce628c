// delegation_controllers.cpp - handing controllers down the tree, and saying why one is not to be
// had.

#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/cgroup_files.h"
#include "container/delegation.h"

namespace kist::container {

namespace {

// Each controller, the name that cgroup v1 has for it, and the kernel option behind it.
struct Controller {
    const char* name;
    const char* version_1;
    const char* option;
};

// clang-format off
constexpr Controller kControllers[] = {
    {"cpu",     "cpu",     "CONFIG_CGROUP_SCHED, and CONFIG_CFS_BANDWIDTH for cpu.max"},
    {"cpuset",  "cpuset",  "CONFIG_CPUSETS"},
    {"hugetlb", "hugetlb", "CONFIG_CGROUP_HUGETLB"},
    {"io",      "blkio",   "CONFIG_BLK_CGROUP, and CONFIG_BLK_DEV_THROTTLING for io.max"},
    {"memory",  "memory",  "CONFIG_MEMCG"},
    {"pids",    "pids",    "CONFIG_CGROUP_PIDS"},
};
// clang-format on

// Whether a comma-separated list in `text` after the last `key` names `word`.
bool lists_after(std::string_view text, std::string_view key, std::string_view word)
{
    for (std::string_view argument : str::words(str::trim(text))) {
        if (!argument.starts_with(key))
            continue;
        argument.remove_prefix(key.size());
        while (!argument.empty())
            if (str::cut(argument, ',') == word)
                return true;
    }
    return false;
}

String read_or_nothing(const String& path)
{
    auto text = fs::read_path(path);
    return text ? *text : "";
}

bool is_raspberry_pi(const String& root)
{
    return read_or_nothing(root + "/proc/device-tree/model").find("Raspberry Pi") != String::npos;
}

// The controllers of one line "4:cpu,cpuacct:/path" of /proc/self/cgroup, cgroup v1.
bool held_by_version_1(const String& root, const char* name)
{
    String text = read_or_nothing(root + "/proc/self/cgroup");
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = str::cut(rest, '\n');
        std::string_view number = str::cut(line, ':');
        std::string_view list = str::cut(line, ':');
        while (number != "0" && !list.empty())
            if (str::cut(list, ',') == name)
                return true;
    }
    return false;
}

// The uppermost directory from `mount` to above `path` that keeps `controller` to itself.
String keeper_of(const String& mount, const String& path, std::string_view controller)
{
    for (size_t end = mount.size(); end < path.size(); end = path.find('/', end + 1)) {
        String at = path.substr(0, end);
        if (!has_word(at + "/cgroup.subtree_control", controller))
            return at;
    }
    return "";
}

String how_to_delegate(const Delegation& place, const String& keeper, std::string_view controller)
{
    if (::access((place.system_root + "/run/systemd/system").c_str(), F_OK) == 0)
        return str::format(
            "as root: systemctl edit user@.service, write \"[Service]\" and "
            "\"Delegate=cpu cpuset io memory pids\", and log in again; or run kist as root");
    return str::format("as root: echo +%.*s > %s/cgroup.subtree_control", int(controller.size()),
                       controller.data(), keeper.c_str());
}

Error processes_in_the_way(const String& path, const Vector<pid_t>& others)
{
    return Error(EBUSY, "the cgroup %s holds other processes: %s", path.c_str(),
                 describe_processes(others).c_str())
        .with_hint(
            "start kist in a cgroup of its own, for example: systemd-run --user --scope -p "
            "Delegate=yes kist ...");
}

// Moves the kist processes of place.path into a leaf.  Others in the way are an error.
Result<void> step_aside(const Delegation& place)
{
    Vector<pid_t> others = foreign_processes(place.path);
    if (!others.empty())
        return processes_in_the_way(place.path, others);
    String leaf = place.path + "/kist/self";
    Fd directory = TRY(fs::make_directories(leaf));
    for (pid_t pid : processes_in(place.path)) {
        auto moved = fs::poke(directory, "cgroup.procs", str::format("%d", pid));
        if (!moved && !moved.error().is(ESRCH))
            return std::move(moved).error().context("cannot move kist into %s", leaf.c_str());
    }
    return {};
}

Result<void> turn_on(const Delegation& place, const String& path, std::string_view controller)
{
    if (has_word(path + "/cgroup.subtree_control", controller))
        return {};
    if (!has_word(path + "/cgroup.controllers", controller))
        return missing_controller(place, controller);

    Fd directory = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    String word = "+" + String(controller);
    // Another kist may come in between stepping aside and turning on.
    constexpr int kAttempts = 5;
    for (int attempt = 0;; attempt++) {
        if (path == place.path && !place.real_root)
            TRY(step_aside(place));
        auto done = fs::poke(directory, "cgroup.subtree_control", word);
        if (done)
            return {};
        if (done.error().is(EBUSY) && attempt < kAttempts)
            continue;
        Error error = std::move(done).error().context("cannot use the %s controller in %s",
                                                      word.c_str() + 1, path.c_str());
        if (error.is(EINVAL) && controller == "cpu")
            return std::move(error).with_hint(
                "real-time processes must be in the root cgroup first (CONFIG_RT_GROUP_SCHED)");
        return error;
    }
}

}  // namespace

Error missing_controller(const Delegation& place, std::string_view controller)
{
    const Controller* known = nullptr;
    for (const Controller& row : kControllers)
        if (controller == row.name)
            known = &row;
    String name(controller);
    if (!known)
        return Error(ENOTSUP, "there is no cgroup controller \"%s\"", name.c_str());

    const String& root = place.system_root;
    if (held_by_version_1(root, known->version_1))
        return Error(ENOTSUP, "the %s controller is in use by cgroup v1 on this machine",
                     known->name)
            .with_hint(
                "boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all on the "
                "kernel command line");
    if (has_word(place.mount + "/cgroup.controllers", controller)) {
        String keeper = keeper_of(place.mount, place.path, controller);
        return Error(EACCES, "the %s controller is not delegated to %s", known->name,
                     place.path.c_str())
            .with_hint(how_to_delegate(place, keeper.empty() ? place.mount : keeper, controller));
    }

    String line = read_or_nothing(root + "/proc/cmdline");
    bool disabled = lists_after(line, "cgroup_disable=", controller);
    constexpr const char* kPiWords =
        "add \"cgroup_enable=memory cgroup_memory=1\" to the line in /boot/firmware/cmdline.txt "
        "(on "
        "older systems /boot/cmdline.txt) and reboot";
    if (controller == "memory" && is_raspberry_pi(root))
        return Error(ENOTSUP, "the memory controller is off on this Raspberry Pi")
            .with_hint(kPiWords);
    if (disabled)
        return Error(ENOTSUP,
                     "the %s controller is off: the kernel was started with cgroup_disable=%s",
                     known->name, known->name)
            .with_hint(
                controller == "memory"
                    ? str::format("remove it from the kernel command line; on a Raspberry Pi %s",
                                  kPiWords)
                    : "remove it from the kernel command line");
    return Error(ENOTSUP, "this kernel has no %s controller", known->name)
        .with_hint(str::format("it needs %s", known->option));
}

Result<void> hand_down(const Delegation& place, const String& directory,
                       std::string_view controller)
{
    TRY(turn_on(place, place.path, controller));
    for (size_t end = place.path.size(); end < directory.size();) {
        end = directory.find('/', end + 1);
        TRY(turn_on(place, directory.substr(0, end), controller));
    }
    return {};
}

Result<Vector<String>> controllers_of(const Delegation& place)
{
    String text = TRY(fs::read_path(place.path + "/cgroup.controllers"));
    Vector<String> found;
    for (std::string_view word : str::words(str::trim(text)))
        found.emplace_back(word);
    return found;
}

}  // namespace kist::container
