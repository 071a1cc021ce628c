// inspect_container.cpp - a container as `docker inspect` shows it: a row for each field.

#include "base/clock.h"
#include "cli/inspect.h"
#include "cli/network.h"
#include "container/capabilities.h"
#include "image/places.h"

namespace kist::cli {

namespace {

using container::Limits;
using container::Mount;
using container::Namespace;
using container::Spec;
using container::State;
using json::Text;
using S = const Subject&;

// docker's time that has not come.
std::string_view time_or_never(const String& time)
{
    return time.empty() ? "0001-01-01T00:00:00Z" : std::string_view(time);
}

const Spec& spec_of(S s)
{
    return s.container->spec;
}
const State& state_of(S s)
{
    return s.container->state;
}
const Limits& limits_of(S s)
{
    return s.container->spec.limits;
}
const container::Restart& restart_of(S s)
{
    return s.container->spec.restart;
}

template <auto Member>
constexpr InspectRow spec(const char* path)
{
    return shown<spec_of, Member>(path);
}
template <auto Member>
constexpr InspectRow state(const char* path)
{
    return shown<state_of, Member>(path);
}
template <auto Member>
constexpr InspectRow limit(const char* path)
{
    return shown<limits_of, Member>(path);
}

void write_list(Text& out, std::span<const String> words)
{
    out.begin('[');
    for (const String& word : words)
        out.text(word);
    out.end(']');
}

void write_namespace(Text& out, Namespace kind, const char* own)
{
    out.text(kind == Namespace::host ? "host" : own);
}

bool is_state(S s, std::string_view word)
{
    return word == state_word(*s.container);
}

void write_health(Text& out, S s)
{
    if (!s.container->spec.health)
        return out.null();
    String record = read_health(*s.engine, s.container->spec.id);
    out.raw(record.empty() ? R"({"Status":"none","FailingStreak":0,"Log":[]})" : record);
}

// What was asked for beyond the usual set, or taken from it.
void write_capabilities(Text& out, container::Capabilities these, container::Capabilities without)
{
    these.bits &= ~without.bits;
    write_list(out, container::capability_names(these));
}

void write_added(Text& out, S s)
{
    const Spec& spec = s.container->spec;
    write_capabilities(out, spec.privileged ? container::Capabilities() : spec.capabilities,
                       container::default_capabilities());
}

void write_dropped(Text& out, S s)
{
    const Spec& spec = s.container->spec;
    write_capabilities(
        out, spec.privileged ? container::Capabilities() : container::default_capabilities(),
        spec.capabilities);
}

// "rw", "ro,rshared": what stands behind the last colon of --volume.
String mode_of(const Mount& mount)
{
    String mode = mount.read_only ? "ro" : "rw";
    if (!mount.propagation.empty() && mount.propagation != "rprivate")
        mode += "," + mount.propagation;
    return mode;
}

void write_binds(Text& out, S s)
{
    Vector<String> binds;
    for (const Mount& mount : s.container->spec.mounts)
        if (mount.kind != Mount::Kind::tmpfs && !mount.anonymous)
            binds.push_back(mount.source + ":" + mount.target + ":" + mode_of(mount));
    write_list(out, binds);
}

void write_tmpfs(Text& out, S s)
{
    out.begin('{');
    for (const Mount& mount : s.container->spec.mounts)
        if (mount.kind == Mount::Kind::tmpfs) {
            out.name(mount.target);
            out.text(mount.options);
        }
    out.end('}');
}

void write_mounts(Text& out, S s)
{
    constexpr const char* kKinds[] = {"bind", "tmpfs", "volume"};
    out.begin('[');
    for (const Mount& mount : s.container->spec.mounts) {
        bool volume = mount.kind == Mount::Kind::volume, tmpfs = mount.kind == Mount::Kind::tmpfs;
        json::Map texts = {{"Type", kKinds[unsigned(mount.kind)]}};
        if (volume)
            texts.push_back({"Name", mount.source});
        texts.push_back(
            {"Source", volume ? s.engine->places.root + "/volumes/" + mount.source + "/_data"
                              : mount.source});
        texts.push_back({"Destination", mount.target});
        if (volume)
            texts.push_back({"Driver", "local"});
        texts.push_back({"Mode", tmpfs ? mount.options : mode_of(mount)});
        texts.push_back({"Propagation", volume || tmpfs ? "" : mount.propagation});
        out.begin('{');
        for (auto& [name, text] : texts) {
            out.name(name);
            out.text(text);
        }
        out.name("RW");
        out.boolean(!mount.read_only);
        out.end('}');
    }
    out.end(']');
}

void write_devices(Text& out, S s)
{
    out.begin('[');
    for (const container::Device& device : s.container->spec.devices)
        out.object(json::Map{{"PathOnHost", device.source},
                             {"PathInContainer", device.target},
                             {"CgroupPermissions", device.permissions}});
    out.end(']');
}

void write_ulimits(Text& out, S s)
{
    auto number = [&out](const char* name, uint64_t value) {
        out.name(name);
        out.integer(value == UINT64_MAX ? -1 : static_cast<long long>(value));
    };
    out.begin('[');
    for (const container::Ulimit& ulimit : s.container->spec.ulimits) {
        out.begin('{');
        out.name("Name");
        out.text(ulimit.name);
        number("Hard", ulimit.hard);
        number("Soft", ulimit.soft);
        out.end('}');
    }
    out.end(']');
}

void write_security(Text& out, S s)
{
    const Spec& spec = s.container->spec;
    Vector<String> words;
    if (spec.no_new_privileges)
        words.emplace_back("no-new-privileges");
    if (spec.seccomp_unconfined)
        words.emplace_back("seccomp=unconfined");
    else if (!spec.seccomp_profile.empty())
        words.push_back("seccomp=" + spec.seccomp_profile);
    if (spec.systempaths_unconfined)
        words.emplace_back("systempaths=unconfined");
    write_list(out, words);
}

void write_log_options(Text& out, S s)
{
    using Driver = container::LogPlan::Driver;
    const container::LogPlan& log = s.container->spec.log;
    json::Map options;
    if (log.driver == Driver::json_file || log.driver == Driver::ring) {
        bool mebibytes = log.max_size % (1 << 20) == 0;
        auto size = static_cast<unsigned long long>(log.max_size);
        options.push_back(
            {"max-size", mebibytes ? str::format("%llum", size >> 20) : str::format("%llu", size)});
        options.push_back({"max-file", str::format("%u", log.max_files)});
    }
    if (!log.tag.empty())
        options.push_back({"tag", log.tag});
    if (!log.address.empty())
        options.push_back({"syslog-address", log.address});
    out.object(options);
}

void write_log_path(Text& out, S s)
{
    using Driver = container::LogPlan::Driver;
    const String& id = s.container->spec.id;
    const image::Places& places = s.engine->places;
    switch (s.container->spec.log.driver) {
        case Driver::json_file: return out.text(places.root + "/containers/" + id + "/log.json");
        case Driver::ring: return out.text(places.state + "/run/" + id + "/log.json");
        case Driver::syslog:
        case Driver::none: break;
    }
    out.text("");
}

void write_health_plan(Text& out, S s)
{
    const std::optional<container::HealthPlan>& plan = s.container->spec.health;
    if (!plan)
        return out.null();
    constexpr const char* kActions[] = {"none", "kill", "restart", "stop"};
    const std::pair<const char*, int64_t> kNumbers[] = {{"Interval", plan->interval},
                                                        {"Timeout", plan->timeout},
                                                        {"StartPeriod", plan->start_period},
                                                        {"StartInterval", plan->start_interval},
                                                        {"Retries", plan->retries}};
    out.begin('{');
    out.name("Test");
    write_list(out, plan->test);
    for (auto& [name, value] : kNumbers) {
        out.name(name);
        out.integer(value);
    }
    out.name("OnFailure");
    out.text(kActions[unsigned(plan->on_failure)]);
    out.end('}');
}

void write_stop_timeout(Text& out, S s)
{
    unsigned timeout = s.container->spec.stop_timeout;
    out.integer(timeout == ~0U ? -1 : static_cast<long long>(timeout));
}

std::span<const String> part(const Vector<String>& words, size_t from, size_t to)
{
    from = std::min(from, words.size());
    return std::span(words).subspan(from, std::min(to, words.size()) - from);
}

// clang-format off
constexpr InspectRow kRows[] = {
    spec<&Spec::id>                 ("Id"),
    spec<&Spec::created>            ("Created"),
    {"Path", nullptr,               [](Text& out, S s) { out.text(s.container->spec.argv[0]); }},
    {"Args", nullptr,               [](Text& out, S s) { write_list(out, part(s.container->spec.argv, 1, SIZE_MAX)); }},
    {"State.Status", nullptr,       [](Text& out, S s) { out.text(state_word(*s.container)); }},
    {"State.Running", nullptr,      [](Text& out, S s) { out.boolean(is_state(s, "running") || is_state(s, "paused") || is_state(s, "restarting")); }},
    {"State.Paused", nullptr,       [](Text& out, S s) { out.boolean(s.container->paused); }},
    {"State.Restarting", nullptr,   [](Text& out, S s) { out.boolean(is_state(s, "restarting")); }},
    state<&State::oom_killed>       ("State.OOMKilled"),
    {"State.Dead", "false"},
    {"State.Pid", nullptr,          [](Text& out, S s) { out.integer(is_state(s, "running") || is_state(s, "paused") ? s.container->state.pid : 0); }},
    state<&State::exit_code>        ("State.ExitCode"),
    state<&State::error>            ("State.Error"),
    {"State.StartedAt", nullptr,    [](Text& out, S s) { out.text(time_or_never(s.container->state.started_at)); }},
    {"State.FinishedAt", nullptr,   [](Text& out, S s) { out.text(time_or_never(s.container->state.finished_at)); }},
    {"State.Health", nullptr,       write_health},
    state<&State::stopped>          ("State.StoppedByUser"),
    state<&State::memory_peak>      ("State.MemoryPeak"),
    state<&State::cgroup>           ("State.CgroupPath"),
    spec<&Spec::image_id>           ("Image"),
    {"LogPath", nullptr,            write_log_path},
    {"Name", nullptr,               [](Text& out, S s) { out.text("/" + s.container->spec.name); }},
    state<&State::restart_count>    ("RestartCount"),
    {"Driver", "\"overlay2\""},
    {"Platform", "\"linux\""},
    {"MountLabel", "\"\""},
    {"ProcessLabel", "\"\""},
    state<&State::tier>             ("IdMapTier"),
    spec<&Spec::requirements>       ("Requires"),
    {"HostConfig.Binds", nullptr,                [](Text& out, S s) { write_binds(out, s); }},
    {"HostConfig.LogConfig.Type", nullptr,       [](Text& out, S s) { out.text(container::to_text(s.container->spec.log.driver)); }},
    {"HostConfig.LogConfig.Config", nullptr,     write_log_options},
    {"HostConfig.NetworkMode", nullptr,          [](Text& out, S s) { out.text(service::network_mode(s.container->spec)); }},
    {"HostConfig.PortBindings", nullptr,         [](Text& out, S s) { write_port_bindings(out, *s.container); }},
    {"HostConfig.RestartPolicy.Name", nullptr,   [](Text& out, S s) { String text = container::to_text(s.container->spec.restart); out.text(text.substr(0, text.find(':'))); }},
    shown<restart_of, &container::Restart::retries>("HostConfig.RestartPolicy.MaximumRetryCount"),
    spec<&Spec::remove>             ("HostConfig.AutoRemove"),
    {"HostConfig.CapAdd", nullptr,  write_added},
    {"HostConfig.CapDrop", nullptr, write_dropped},
    {"HostConfig.CgroupnsMode", nullptr, [](Text& out, S s) { write_namespace(out, s.container->spec.cgroupns, "private"); }},
    spec<&Spec::dns>                ("HostConfig.Dns"),
    spec<&Spec::dns_options>        ("HostConfig.DnsOptions"),
    spec<&Spec::dns_search>         ("HostConfig.DnsSearch"),
    spec<&Spec::hosts>              ("HostConfig.ExtraHosts"),
    spec<&Spec::groups>             ("HostConfig.GroupAdd"),
    {"HostConfig.IpcMode", nullptr, [](Text& out, S s) { write_namespace(out, s.container->spec.ipc, "private"); }},
    {"HostConfig.OomScoreAdj", nullptr, [](Text& out, S s) { out.integer(s.container->spec.oom_score_adj.value_or(0)); }},
    {"HostConfig.PidMode", nullptr, [](Text& out, S s) { write_namespace(out, s.container->spec.pid, ""); }},
    spec<&Spec::privileged>         ("HostConfig.Privileged"),
    {"HostConfig.PublishAllPorts", "false"},
    spec<&Spec::read_only>          ("HostConfig.ReadonlyRootfs"),
    {"HostConfig.SecurityOpt", nullptr, write_security},
    {"HostConfig.Tmpfs", nullptr,   write_tmpfs},
    {"HostConfig.UTSMode", nullptr, [](Text& out, S s) { write_namespace(out, s.container->spec.uts, ""); }},
    {"HostConfig.UsernsMode", nullptr, [](Text& out, S s) { write_namespace(out, s.container->spec.userns, ""); }},
    spec<&Spec::shm_size>           ("HostConfig.ShmSize"),
    spec<&Spec::sysctls>            ("HostConfig.Sysctls"),
    {"HostConfig.Runtime", "\"kist\""},
    limit<&Limits::cpu_shares>      ("HostConfig.CpuShares"),
    limit<&Limits::memory>          ("HostConfig.Memory"),
    limit<&Limits::nano_cpus>       ("HostConfig.NanoCpus"),
    limit<&Limits::cpu_period>      ("HostConfig.CpuPeriod"),
    limit<&Limits::cpu_quota>       ("HostConfig.CpuQuota"),
    limit<&Limits::cpuset_cpus>     ("HostConfig.CpusetCpus"),
    limit<&Limits::cpuset_mems>     ("HostConfig.CpusetMems"),
    limit<&Limits::conf>            ("HostConfig.CgroupConf"),
    {"HostConfig.Devices", nullptr, write_devices},
    spec<&Spec::device_rules>       ("HostConfig.DeviceCgroupRules"),
    limit<&Limits::memory_reservation>("HostConfig.MemoryReservation"),
    limit<&Limits::memory_swap>     ("HostConfig.MemorySwap"),
    limit<&Limits::pids>            ("HostConfig.PidsLimit"),
    {"HostConfig.Ulimits", nullptr, write_ulimits},
    spec<&Spec::init>               ("HostConfig.Init"),
    spec<&Spec::annotations>        ("HostConfig.Annotations"),
    {"Mounts", nullptr,             write_mounts},
    spec<&Spec::hostname>           ("Config.Hostname"),
    {"Config.Domainname", "\"\""},
    spec<&Spec::user>               ("Config.User"),
    spec<&Spec::tty>                ("Config.Tty"),
    spec<&Spec::interactive>        ("Config.OpenStdin"),
    spec<&Spec::env>                ("Config.Env"),
    {"Config.Cmd", nullptr,         [](Text& out, S s) { write_list(out, part(s.container->spec.argv, s.container->spec.entry_words, SIZE_MAX)); }},
    {"Config.Entrypoint", nullptr,  [](Text& out, S s) { write_list(out, part(s.container->spec.argv, 0, s.container->spec.entry_words)); }},
    spec<&Spec::image>              ("Config.Image"),
    spec<&Spec::workdir>            ("Config.WorkingDir"),
    spec<&Spec::labels>             ("Config.Labels"),
    spec<&Spec::stop_signal>        ("Config.StopSignal"),
    {"Config.StopTimeout", nullptr, write_stop_timeout},
    spec<&Spec::timezone>           ("Config.Timezone"),
    {"Config.Healthcheck", nullptr, write_health_plan},
    {"Config.ExposedPorts", nullptr, [](Text& out, S s) { write_exposed_ports(out, *s.container); }},
    {"NetworkSettings", nullptr,    [](Text& out, S s) { write_network_settings(out, *s.container); }},
};

constexpr InspectRow kSizes[] = {
    {"SizeRw", nullptr,             [](Text& out, S s) { out.natural(s.container->written); }},
    {"SizeRootFs", nullptr,         [](Text& out, S s) { out.natural(s.container->written + s.container->image_bytes); }},
};
// clang-format on

}  // namespace

String container_document(const Subject& subject)
{
    Vector<InspectRow> rows(std::begin(kRows), std::end(kRows));
    if (subject.sizes)
        rows.insert(rows.end(), std::begin(kSizes), std::end(kSizes));
    return write_rows(rows, subject);
}

}  // namespace kist::cli
