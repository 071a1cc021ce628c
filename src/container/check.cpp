// check.cpp - what this board has and lacks: the table of probes.
//
// A probe fills in its row; a row without a word of its own says "ok".  A new probe is a function
// and a line in kProbes.

#include "container/check.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/check_try.h"
#include "container/delegation.h"
#include "container/device_filter.h"
#include "container/idmap.h"
#include "container/scope.h"
#include "image/config.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/gateway.h"
#include "network/route.h"

namespace kist::container {

namespace {

constexpr long long kHttp = 80;

// What several probes need to know, found out once.
struct Board {
    const CheckContext& context;
    bool root;
    int user_namespace;  // errno: why an ordinary user has none, or has no power in it
    Result<Delegation> place;
    bool scope = false;  // `place` is not ours, but we get scopes in it
};

bool file_says(const char* path, const char* value)
{
    auto text = fs::read_path(path, 256);
    return text && str::trim(*text) == value;
}

void say(CheckRow& row, CheckState state, CStr meaning, CStr fix = "")
{
    row.state = state;
    row.meaning = meaning.get();
    row.fix = fix.get();
}

void say_error(CheckRow& row, const Error& error)
{
    say(row, CheckState::missing, error.message(), error.hint());
}

void check_kernel(Board&, CheckRow& row)
{
    utsname system = {};
    (void)::uname(&system);
    std::string_view rest = system.release;
    unsigned long long major = 0, minor = 0;
    if (str::take_natural(rest, major) && rest.starts_with('.')) {
        rest.remove_prefix(1);
        (void)str::take_natural(rest, minor);
    }
    if (major > 5 || (major == 5 && minor >= 11))
        return say(row, CheckState::ok, str::format("Linux %s", system.release));
    say(row, CheckState::limited,
        str::format("Linux %s; kist is written for 5.10 and later, and ordinary users get overlay "
                    "file systems from 5.11",
                    system.release),
        "use a newer kernel");
}

void check_processor(Board&, CheckRow& row)
{
    String platform = image::Platform::host().text();
    bool small = try_32_bit() == 0;
    bool arm = platform.find("arm64") != String::npos;
    say(row, CheckState::ok,
        str::format("runs images for %s%s", platform.c_str(),
                    !arm    ? ""
                    : small ? " and linux/arm/v7"
                            : "; the processor has no 32-bit mode"));
}

void check_page_size(Board&, CheckRow& row)
{
    long size = ::sysconf(_SC_PAGESIZE);
    if (size <= 4096)
        return say(row, CheckState::ok, str::format("%ld bytes", size));
    say(row, CheckState::limited,
        str::format("%ld bytes; some programs are built for pages of 4096 bytes only", size),
        "on a Raspberry Pi 5: kernel=kernel8.img in /boot/firmware/config.txt");
}

void check_clock(Board& board, CheckRow& row)
{
    int64_t now = clock::now();
    if (now >= board.context.built)
        return say(row, CheckState::ok, clock::to_text(now));
    say(row, CheckState::limited,
        str::format("the clock says %s, before this kist was made; the start dates of certificates "
                    "are not held against servers",
                    clock::to_text(now).c_str()),
        "set it (date -s, hwclock) or run an NTP client");
}

void check_user_namespaces(Board& board, CheckRow& row)
{
    constexpr const char* kAppArmor = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
    if (::access("/proc/self/ns/user", F_OK) < 0)
        return say(row, CheckState::missing, "this kernel has no user namespaces",
                   "build it with CONFIG_USER_NS; root can run containers without");
    if (board.user_namespace == 0)
        return say(row, CheckState::ok, "ordinary users can run containers");

    String meaning = "ordinary users cannot run containers (root can): ";
    if (file_says("/proc/sys/user/max_user_namespaces", "0"))
        return say(row, CheckState::missing, meaning + "user.max_user_namespaces is 0",
                   "as root: sysctl -w user.max_user_namespaces=15000");
    if (file_says("/proc/sys/kernel/unprivileged_userns_clone", "0"))
        return say(row, CheckState::missing, meaning + "kernel.unprivileged_userns_clone is 0",
                   "as root: sysctl -w kernel.unprivileged_userns_clone=1");
    if (file_says(kAppArmor, "1"))
        return say(
            row, CheckState::missing, meaning + "AppArmor restricts user namespaces (Ubuntu)",
            "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give kist "
            "an AppArmor profile with \"userns,\"");
    say(row, CheckState::missing, meaning + strerror(board.user_namespace),
        "inside of another container they must be allowed by that one's seccomp filter and "
        "capabilities");
}

void check_ids(Board& board, CheckRow& row)
{
    auto outer = choose_outer();
    if (!outer)
        return say_error(row, outer.error());
    if (board.root)
        return say(row, CheckState::ok, "root needs none");
    if (outer->map.tier != image::StoreMap::Tier::single)
        return say(row, CheckState::ok, "containers have many users (" + outer->map.text + ")");
    say(row, CheckState::limited,
        "containers have one user only (" + outer->reason +
            "); changes of owner and user have no "
            "effect in them",
        str::format("as root: install newuidmap and newgidmap (package uidmap) and run: usermod "
                    "--add-subuids 100000-165535 --add-subgids 100000-165535 $(id -nu %u)",
                    ::geteuid()));
}

void check_overlay_as_root(Board& board, CheckRow& row)
{
    if (!board.root)
        return say(row, CheckState::ok, "not needed by an ordinary user");
    int failed = try_overlay_as_root();
    if (failed == 0)
        return say(row, CheckState::ok, "layers are stacked");
    say(row, CheckState::limited,
        str::format("layers are copied for each container: cannot mount an overlay (%s)",
                    strerror(failed)),
        "the kernel needs CONFIG_OVERLAY_FS (modprobe overlay)");
}

void check_overlay_as_user(Board& board, CheckRow& row)
{
    if (board.user_namespace)
        return say(row, CheckState::missing, "needs user namespaces", "see \"user namespaces\"");
    int failed = try_overlay_in_user_namespace();
    if (failed == 0)
        return say(row, CheckState::ok, "layers are stacked for ordinary users, too");
    say(row, CheckState::limited,
        str::format("layers are copied for each container of an ordinary user: cannot mount an "
                    "overlay with userxattr (%s)",
                    strerror(failed)),
        "it needs Linux 5.11 and CONFIG_OVERLAY_FS (as root: modprobe overlay)");
}

void check_cgroup(Board& board, CheckRow& row)
{
    if (!board.place)
        return say_error(row, board.place.error());
    if (board.scope)
        return say(row, CheckState::ok,
                   "limited containers get a scope of the user's systemd each");
    say(row, CheckState::ok, "containers are placed below " + board.place->path + "/kist");
}

void check_seccomp(Board&, CheckRow& row)
{
    int failed = try_seccomp();
    if (failed == 0)
        return say(row, CheckState::ok, "system calls are filtered");
    say(row, CheckState::missing,
        str::format("system calls cannot be filtered (%s); containers run with --security-opt "
                    "seccomp=unconfined only",
                    strerror(failed)),
        "the kernel needs CONFIG_SECCOMP_FILTER");
}

void check_device_filter(Board& board, CheckRow& row)
{
    if (!board.root)
        return say(row, CheckState::limited,
                   "an ordinary user's containers cannot make device nodes, and need no filter");
    if (can_filter_devices() && board.place)
        return say(row, CheckState::ok, "devices are filtered");
    say(row, CheckState::limited,
        "containers of root lose CAP_MKNOD and get no block devices: devices cannot be filtered",
        board.place ? "the kernel needs CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF"
                    : "see \"cgroup v2\"");
}

// `meaning` is of what works.  The errno value, 0: it does.
int check_network(Board& board, CheckRow& row, bool as_root, Result<void> (*trial)(), CStr meaning)
{
    if (!as_root && board.user_namespace) {
        say(row, CheckState::missing, "needs user namespaces", "see \"user namespaces\"");
        return EPERM;
    }
    auto tried = try_network(as_root, trial);
    if (!tried) {
        say_error(row, tried.error());
        return tried.error().code();
    }
    say(row, CheckState::ok, meaning);
    return 0;
}

void check_links(Board& board, CheckRow& row)
{
    check_network(board, row, board.root, network::try_links,
                  "containers are connected by bridges and pairs of links");
}

// Without it root's networks do with less.
void check_nf_tables(Board& board, CheckRow& row)
{
    int failed = check_network(board, row, board.root, network::open_rules,
                               "the packet filter knows the rules of networks");
    if (!board.root || failed != ENOTSUP)
        return;
    row.state = CheckState::limited;
    row.meaning += "; published ports are relayed, but containers reach no other machine";
}

void check_user_networks(Board& board, CheckRow& row)
{
    check_network(board, row, false, network::try_gateway, "ordinary users have networks, too");
}

void check_ipv6(Board&, CheckRow& row)
{
    if (network::has_v6())
        return say(row, CheckState::ok, "networks can have IPv6");
    say(row, CheckState::limited, "networks have IPv4 only: this kernel has no IPv6",
        "it needs CONFIG_IPV6, and no ipv6.disable=1 where it is started");
}

void check_ping(Board& board, CheckRow& row)
{
    int failed = board.root ? 0 : try_ping();
    if (failed == 0)
        return say(row, CheckState::ok, "containers can ping");
    say(row, CheckState::limited,
        str::format("containers cannot ping other machines (%s)", strerror(failed)),
        "as root: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"");
}

void check_low_ports(Board& board, CheckRow& row)
{
    auto text = fs::read_path("/proc/sys/net/ipv4/ip_unprivileged_port_start", 32);
    auto first = str::to_integer(text ? str::trim(*text) : "0");
    if (board.root || !first || *first <= kHttp)
        return say(row, CheckState::ok, "web servers can be published at port 80");
    say(row, CheckState::limited,
        str::format("an ordinary user publishes no ports below %lld", *first),
        str::format("as root: sysctl -w net.ipv4.ip_unprivileged_port_start=%lld", kHttp));
}

struct Probe {
    const char* feature;
    void (*run)(Board& board, CheckRow& row);
};

// clang-format off
constexpr Probe kProbes[] = {
    {"kernel",               check_kernel},
    {"processor",            check_processor},
    {"page size",            check_page_size},
    {"clock",                check_clock},
    {"user namespaces",      check_user_namespaces},
    {"subordinate ids",      check_ids},
    {"overlay (root)",       check_overlay_as_root},
    {"overlay (user)",       check_overlay_as_user},
    {"cgroup v2",            check_cgroup},
    {"seccomp",              check_seccomp},
    {"device filter",        check_device_filter},
    {"bridge",               check_links},
    {"nf_tables",            check_nf_tables},
    {"user networks",        check_user_networks},
    {"ipv6",                 check_ipv6},
    {"ping",                 check_ping},
    {"low ports",            check_low_ports},
};
// clang-format on

struct ControllerRow {
    const char* feature;
    const char* controller;
    const char* limits;
};

// clang-format off
constexpr ControllerRow kControllerRows[] = {
    {"cpu controller",    "cpu",    "--cpus and --cpu-shares"},
    {"cpuset controller", "cpuset", "--cpuset-cpus"},
    {"io controller",     "io",     "--device-read-bps"},
    {"memory controller", "memory", "--memory"},
    {"pids controller",   "pids",   "--pids-limit"},
};
// clang-format on

void check_controller(const ControllerRow& probe, Result<Delegation>& place, CheckRow& row)
{
    if (!place)
        return say(row, CheckState::missing, str::format("no %s: needs cgroup v2", probe.limits),
                   "see \"cgroup v2\"");
    auto there = controllers_of(*place);
    if (there)
        for (const String& name : *there)
            if (name == probe.controller)
                return say(row, CheckState::ok, str::format("%s can be used", probe.limits));
    Error error = missing_controller(*place, probe.controller);
    say(row, CheckState::missing, str::format("no %s: %s", probe.limits, error.message().c_str()),
        error.hint());
}

// Where limited containers are put, as container/launch.h's make_cgroup() does it.
void find_place(Board& board)
{
    if (board.place || !board.place.error().is(EACCES) || !can_ask_for_scope())
        return;
    if (auto answers = check_scope(); !answers) {
        board.place =
            std::move(answers).error().context("%s", board.place.error().message().c_str());
    } else if (auto place = find_user_manager()) {
        board.place = std::move(place);
        board.scope = true;
    }
}

CheckRow& add_row(Vector<CheckRow>& rows, const char* feature)
{
    CheckRow& row = rows.emplace_back();
    row.feature = feature;
    return row;
}

}  // namespace

Vector<CheckRow> check_board(const CheckContext& context)
{
    Board board = {context, ::geteuid() == 0, try_user_namespace(), find_delegation()};
    find_place(board);
    Vector<CheckRow> rows;
    for (const Probe& probe : kProbes) {
        probe.run(board, add_row(rows, probe.feature));
        // The controllers come after the tree they are in.
        if (probe.run == check_cgroup)
            for (const ControllerRow& controller : kControllerRows)
                check_controller(controller, board.place, add_row(rows, controller.feature));
    }
    return rows;
}

const char* check_state_name(CheckState state)
{
    switch (state) {
        case CheckState::ok: return "ok";
        case CheckState::limited: return "limited";
        case CheckState::missing: return "missing";
    }
    return "";
}

}  // namespace kist::container
