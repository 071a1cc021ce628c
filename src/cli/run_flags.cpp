// run_flags.cpp - the flags of `kist run` and `kist create`, one row each.

#include "cli/run.h"

namespace kist::cli {

namespace {

using container::Limits;
using container::RunOptions;

constexpr int kOurFailure = 125;

// A limit that is kept as a number of bytes: "64m".
template <auto Field>
Result<void> set_bytes(RunOptions& options, std::string_view text)
{
    options.limits.*Field = TRY(str::to_bytes(text));
    return {};
}
template <auto Field>
Result<void> set_number(RunOptions& options, std::string_view text)
{
    long long value = TRY(str::to_integer(text));
    options.limits.*Field =
        static_cast<std::remove_reference_t<decltype(options.limits.*Field)>>(value);
    return {};
}
template <auto Field>
Result<void> set_text(RunOptions& options, std::string_view text)
{
    return assign(options.limits.*Field, text);
}
template <auto Field>
Result<void> add_rate(RunOptions& options, std::string_view text)
{
    (options.limits.*Field).push_back(TRY(container::parse_device_rate(text)));
    return {};
}
Result<void> set_cpus(RunOptions& options, std::string_view text)
{
    options.limits.nano_cpus = TRY(container::parse_cpus(text));
    return {};
}
Result<void> set_memory_swap(RunOptions& options, std::string_view text)
{
    if (text == "-1")
        options.limits.memory_swap = -1;
    else
        options.limits.memory_swap = static_cast<long long>(TRY(str::to_bytes(text)));
    return {};
}
using O = RunOptions;

// clang-format off
constexpr Flag kFlags[] = {
    flag<&O::hosts>(0, "add-host", "NAME:ADDRESS", "Add a line to /etc/hosts"_help),
    flag<&O::allow_host_loopback>(0, "allow-host-loopback", nullptr, "Let it reach what listens on 127.0.0.1 of the host, at its gateway's address"_help),
    flag<&O::annotations>(0, "annotation", "NAME=VALUE", "Add an annotation to the container"_help),
    flag<&O::attach>('a', "attach", "STREAM", "Attach to stdin, stdout or stderr only"_help),
    flag<&O::capabilities_added>(0, "cap-add", "NAME", "Give a capability, or ALL"_help),
    flag<&O::capabilities_dropped>(0, "cap-drop", "NAME", "Take a capability away, or ALL"_help),
    custom_flag<O, set_text<&Limits::conf>>(0, "cgroup-conf", "KEY=VALUE", "Write to a file of the container's cgroup (memory.high=64m)"_help),
    flag<&O::cgroupns>(0, "cgroupns", "host|private", "Share the host's view of cgroups, or not"_help),
    flag<&O::cidfile>(0, "cidfile", "FILE", "Write the container's id to a new file"_help),
    custom_flag<O, set_number<&Limits::cpu_period>>(0, "cpu-period", "MICROSECONDS", "Length of the period of --cpu-quota"_help),
    custom_flag<O, set_number<&Limits::cpu_quota>>(0, "cpu-quota", "MICROSECONDS", "Processor time in each period"_help),
    custom_flag<O, set_number<&Limits::cpu_shares>>(0, "cpu-shares", "COUNT", "Weight among containers; 1024 is normal"_help),
    custom_flag<O, set_cpus>(0, "cpus", "COUNT", "Processors that may be used, for example 1.5"_help),
    custom_flag<O, set_text<&Limits::cpuset_cpus>>(0, "cpuset-cpus", "LIST", "Processors to run on (0-3,5)"_help),
    custom_flag<O, set_text<&Limits::cpuset_mems>>(0, "cpuset-mems", "LIST", "Memory nodes to use"_help),
    flag<&O::detach>('d', "detach", nullptr, "Leave it running in the background and print its id"_help),
    flag<&O::detach_keys>(0, "detach-keys", "KEYS", "Keys that leave the container running (ctrl-p,ctrl-q)"_help),
    flag<&O::devices>(0, "device", "PATH[:PATH[:rwm]]", "Give a device of the host"_help),
    flag<&O::device_rules>(0, "device-cgroup-rule", "RULE", "Allow devices that come later (\"c 188:* rwm\")"_help),
    custom_flag<O, add_rate<&Limits::device_read_bps>>(0, "device-read-bps", "PATH:RATE", "Limit reading from a disk, bytes a second"_help),
    custom_flag<O, add_rate<&Limits::device_write_bps>>(0, "device-write-bps", "PATH:RATE", "Limit writing to a disk, bytes a second"_help),
    flag<&O::dns>(0, "dns", "ADDRESS", "Use this name server"_help),
    flag<&O::dns_options>(0, "dns-opt", "OPTION", "The same as --dns-option"_help),
    flag<&O::dns_options>(0, "dns-option", "OPTION", "Set an option of the resolver (ndots:2)"_help),
    flag<&O::dns_search>(0, "dns-search", "DOMAIN", "Search names in this domain"_help),
    flag<&O::entrypoint>(0, "entrypoint", "COMMAND", "Replace the image's entry point; \"\" clears it"_help),
    flag<&O::environment>('e', "env", "NAME=VALUE", "Set a variable; NAME alone takes its value from here"_help),
    flag<&O::environment_files>(0, "env-file", "FILE", "Set the variables that are lines of a file"_help),
    flag<&O::expose>(0, "expose", "PORT[-PORT][/udp]", "Say that the program listens there, for --publish-all"_help),
    flag<&O::groups>(0, "group-add", "GROUP", "Add a group, or keep-groups for the caller's"_help),
    flag<&O::health_cmd>(0, "health-cmd", "COMMAND", "Ask the container's health with this line of shell"_help),
    flag<&O::health_interval>(0, "health-interval", "TIME", "How often to ask, 30s unless said"_help),
    flag<&O::health_on_failure>(0, "health-on-failure", "ACTION", "When unhealthy: none, kill, restart or stop"_help),
    flag<&O::health_retries>(0, "health-retries", "COUNT", "Failures in a row that make it unhealthy, 3 unless said"_help),
    flag<&O::health_start_interval>(0, "health-start-interval", "TIME", "How often to ask in the start period, 5s unless said"_help),
    flag<&O::health_start_period>(0, "health-start-period", "TIME", "How long failures do not count after the start"_help),
    flag<&O::health_timeout>(0, "health-timeout", "TIME", "How long the answer may take, 30s unless said"_help),
    flag<&O::hostname>('h', "hostname", "NAME", "Name the host that the container sees"_help),
    flag<&O::init>(0, "init", nullptr, "Run a small init that forwards signals and reaps"_help),
    flag<&O::interactive>('i', "interactive", nullptr, "Pass on what comes from stdin"_help),
    flag<&O::ip>(0, "ip", "ADDRESS", "Have this IPv4 address on the network"_help),
    flag<&O::ip6>(0, "ip6", "ADDRESS", "Have this IPv6 address on the network"_help),
    flag<&O::ipc>(0, "ipc", "host|private", "Share the host's IPC, or not"_help),
    flag<&O::labels>('l', "label", "NAME=VALUE", "Add a label"_help),
    flag<&O::label_files>(0, "label-file", "FILE", "Add the labels that are lines of a file"_help),
    flag<&O::log_driver>(0, "log-driver", "DRIVER", "Where output is kept: json-file, syslog, ring (in memory) or none"_help),
    flag<&O::log_options>(0, "log-opt", "NAME=VALUE", "max-size, max-file, tag, syslog-address"_help),
    flag<&O::mac_address>(0, "mac-address", "ADDRESS", "Have this hardware address on the network"_help),
    custom_flag<O, set_bytes<&Limits::memory>>('m', "memory", "BYTES", "Limit memory, for example 64m"_help),
    custom_flag<O, set_bytes<&Limits::memory_reservation>>(0, "memory-reservation", "BYTES", "Memory that is protected from others"_help),
    custom_flag<O, set_memory_swap>(0, "memory-swap", "BYTES", "Limit memory and swap together; -1: any amount"_help),
    flag<&O::mounts>(0, "mount", "SPEC", "Mount type=bind|tmpfs|volume,source=...,target=...[,readonly]"_help),
    flag<&O::name>(0, "name", "NAME", "Name the container"_help),
    flag<&O::networks>(0, "net", "NETWORK", "The same as --network"_help),
    flag<&O::networks>(0, "network", "NETWORK[:ip=ADDRESS,...]", "Be on a network (bridge unless said), also ip6=, alias=, mac=; or host, none, container:NAME"_help),
    flag<&O::network_aliases>(0, "network-alias", "NAME", "Be found by this name on the network, too"_help),
    flag<&O::no_healthcheck>(0, "no-healthcheck", nullptr, "Do without the image's health check"_help),
    flag<&O::oom_score_adj>(0, "oom-score-adj", "NUMBER", "How readily the kernel kills it for memory, -1000 to 1000"_help),
    flag<&O::pid>(0, "pid", "host|private", "Share the host's processes, or not"_help),
    custom_flag<O, set_number<&Limits::pids>>(0, "pids-limit", "COUNT", "Limit the number of processes"_help),
    flag<&O::platform>(0, "platform", "PLATFORM", "Another platform than this machine's"_help),
    flag<&O::privileged>(0, "privileged", nullptr, "Take all confinement away that can be taken away"_help),
    flag<&O::publish>('p', "publish", "[[IP:]PORT:]PORT[/udp]", "Send what comes to a port of the host to a port of the container, or ranges of them"_help),
    flag<&O::publish_all>('P', "publish-all", nullptr, "Publish all exposed ports on ports of the host that are free"_help),
    flag<&O::pull>(0, "pull", "POLICY", "Pull the image: missing (the default), always or never"_help),
    flag<&O::quiet>('q', "quiet", nullptr, "Say nothing while the image is pulled"_help),
    flag<&O::read_only>(0, "read-only", nullptr, "Make the root file system read-only"_help),
    flag<&O::replace>(0, "replace", nullptr, "Remove a container of the same name first"_help),
    flag<&O::requirements>(0, "requires", "NAME", "Start this container first"_help),
    flag<&O::restart>(0, "restart", "POLICY", "no, on-failure[:COUNT], always or unless-stopped"_help),
    flag<&O::remove>(0, "rm", nullptr, "Remove the container when it ends"_help),
    flag<&O::rootfs>(0, "rootfs", nullptr, "IMAGE is a directory to use as the root file system"_help),
    flag<&O::security>(0, "security-opt", "OPTION", "no-new-privileges, seccomp=FILE|unconfined, systempaths=unconfined"_help),
    flag<&O::shm_size>(0, "shm-size", "BYTES", "Size of /dev/shm, 64m unless said"_help),
    flag<&O::stop_signal>(0, "stop-signal", "SIGNAL", "Signal that stops the container"_help),
    flag<&O::stop_timeout>(0, "stop-timeout", "SECONDS", "How long to wait before killing it, 10 unless said"_help),
    flag<&O::sysctls>(0, "sysctl", "NAME=VALUE", "Set a kernel parameter of the container's namespaces"_help),
    flag<&O::tmpfs>(0, "tmpfs", "PATH[:OPTIONS]", "Mount a tmpfs"_help),
    flag<&O::tty>('t', "tty", nullptr, "Give the container a terminal"_help),
    flag<&O::timezone>(0, "tz", "ZONE", "Time zone, for example Europe/Paris, or local"_help),
    flag<&O::ulimits>(0, "ulimit", "NAME=SOFT[:HARD]", "Set a resource limit (nofile=1024:4096)"_help),
    flag<&O::umask>(0, "umask", "MASK", "Set the file mode creation mask, octal"_help),
    flag<&O::user>('u', "user", "USER[:GROUP]", "Run as this user"_help),
    flag<&O::userns>(0, "userns", "host|private", "Use no user namespace of its own"_help),
    flag<&O::uts>(0, "uts", "host|private", "Share the host's name, or not"_help),
    flag<&O::volumes>('v', "volume", "[SOURCE:]TARGET[:ro]", "Mount a volume by its name, or a path of the host"_help),
    flag<&O::volumes_from>(0, "volumes-from", "CONTAINER[:ro]", "Mount the volumes of another container"_help),
    flag<&O::workdir>('w', "workdir", "PATH", "Run in this directory"_help),
};
// clang-format on

// A row from above.
consteval Flag row(std::string_view name)
{
    for (const Flag& each : kFlags)
        if (name == each.name)
            return each;
    __builtin_unreachable();  // no constant expression: does not compile
}

constexpr Flag kUpdateFlags[] = {
    row("cpu-period"),  row("cpu-quota"),   row("cpu-shares"), row("cpus"),
    row("cpuset-cpus"), row("cpuset-mems"), row("memory"),     row("memory-reservation"),
    row("memory-swap"), row("pids-limit"),  row("restart"),
};

}  // namespace

extern const Command kUpdate = {
    .name = "update",
    .operands = "CONTAINER...",
    .summary = "Change limits and restart policy of containers"_help,
    .details = "What runs is limited at once.  Flags that are not given change nothing.\n"_help,
    .flags = kUpdateFlags,
    .offer = Offer::containers,
    .run = with_engine<RunOptions, update>,
};

extern const Command kRun = {
    .name = "run",
    .operands = "IMAGE [COMMAND] [ARG...]",
    .summary = "Run a program in a new container"_help,
    .details =
        "Pulls IMAGE when it is not in the store.  Answers with the program's exit code; with -d "
        "it "
        "prints\nthe container's id and leaves it running.\n"_help,
    .flags = kFlags,
    .offer = Offer::images,
    .failure = kOurFailure,
    .run = with_context<RunOptions, run>,
};

extern const Command kCreate = {
    .name = "create",
    .operands = "IMAGE [COMMAND] [ARG...]",
    .summary = "Make a container that can be started later"_help,
    .details = "Pulls IMAGE when it is not in the store, and prints the container's id.\n"_help,
    .flags = kFlags,
    .offer = Offer::images,
    .run = with_context<RunOptions, create>,
};

}  // namespace kist::cli
