// spec_json.cpp - the Spec as it is kept on disk: one table for each struct of it.

#include "base/string.h"
#include "container/spec.h"

namespace kist::container {

// Found beside the types (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const Mount*);
static std::span<const json::Field> fields_of(const Attachment*);
static std::span<const json::Field> fields_of(const Device*);
static std::span<const json::Field> fields_of(const Ulimit*);
static std::span<const json::Field> fields_of(const Capabilities*);
static std::span<const json::Field> fields_of(const DeviceRate*);
static std::span<const json::Field> fields_of(const Limits*);
static std::span<const json::Field> fields_of(const Restart*);
static std::span<const json::Field> fields_of(const HealthPlan*);
static std::span<const json::Field> fields_of(const LogPlan*);
static std::span<const json::Field> fields_of(const Spec*);

namespace {

constexpr auto optional = json::optional;

// clang-format off
constexpr json::Field kMount[] = {
    json::field<&Mount::kind>       ("kind", optional),
    json::field<&Mount::source>     ("source", optional),
    json::field<&Mount::anonymous>  ("anonymous", optional),
    json::field<&Mount::must_exist> ("mustExist", optional),
    json::field<&Mount::target>     ("target"),
    json::field<&Mount::read_only>  ("readOnly", optional),
    json::field<&Mount::flat>       ("flat", optional),
    json::field<&Mount::copy_up>    ("copyUp", optional),
    json::field<&Mount::propagation>("propagation", optional),
    json::field<&Mount::options>    ("options", optional),
    json::field<&Mount::no_exec>    ("noExec", optional),
    json::field<&Mount::no_suid>    ("noSuid", optional),
    json::field<&Mount::no_dev>     ("noDev", optional),
    json::field<&Mount::labels>     ("labels", optional),
    json::field<&Mount::driver_options>("driverOptions", optional),
};

constexpr json::Field kAttachment[] = {
    json::field<&Attachment::network> ("network"),
    json::field<&Attachment::address> ("address", optional),
    json::field<&Attachment::address6>("address6", optional),
    json::field<&Attachment::mac>     ("mac", optional),
    json::field<&Attachment::aliases> ("aliases", optional),
};

constexpr json::Field kDevice[] = {
    json::field<&Device::source>     ("source"),
    json::field<&Device::target>     ("target"),
    json::field<&Device::permissions>("permissions"),
};

constexpr json::Field kUlimit[] = {
    json::field<&Ulimit::name>("name"),
    json::field<&Ulimit::soft>("soft"),
    json::field<&Ulimit::hard>("hard"),
};

constexpr json::Field kCapabilities[] = {
    json::field<&Capabilities::bits>("bits"),
};

constexpr json::Field kDeviceRate[] = {
    json::field<&DeviceRate::path>("path"),
    json::field<&DeviceRate::rate>("rate"),
};

constexpr json::Field kLimits[] = {
    json::field<&Limits::memory>            ("memory", optional),
    json::field<&Limits::memory_swap>       ("memorySwap", optional),
    json::field<&Limits::memory_reservation>("memoryReservation", optional),
    json::field<&Limits::nano_cpus>         ("nanoCpus", optional),
    json::field<&Limits::cpu_shares>        ("cpuShares", optional),
    json::field<&Limits::cpu_quota>         ("cpuQuota", optional),
    json::field<&Limits::cpu_period>        ("cpuPeriod", optional),
    json::field<&Limits::cpuset_cpus>       ("cpusetCpus", optional),
    json::field<&Limits::cpuset_mems>       ("cpusetMems", optional),
    json::field<&Limits::pids>              ("pids", optional),
    json::field<&Limits::device_read_bps>   ("deviceReadBps", optional),
    json::field<&Limits::device_write_bps>  ("deviceWriteBps", optional),
    json::field<&Limits::conf>              ("conf", optional),
};
// clang-format on

// clang-format off
constexpr json::Field kRestart[] = {
    json::field<&Restart::policy> ("policy", optional),
    json::field<&Restart::retries>("retries", optional),
};

constexpr json::Field kHealthPlan[] = {
    json::field<&HealthPlan::test>          ("test"),
    json::field<&HealthPlan::interval>      ("interval"),
    json::field<&HealthPlan::timeout>       ("timeout"),
    json::field<&HealthPlan::start_period>  ("startPeriod", optional),
    json::field<&HealthPlan::start_interval>("startInterval", optional),
    json::field<&HealthPlan::retries>       ("retries"),
    json::field<&HealthPlan::on_failure>    ("onFailure", optional),
};

constexpr json::Field kLogPlan[] = {
    json::field<&LogPlan::driver>   ("driver"),
    json::field<&LogPlan::max_size> ("maxSize"),
    json::field<&LogPlan::max_files>("maxFiles"),
    json::field<&LogPlan::tag>      ("tag", optional),
    json::field<&LogPlan::address>  ("address", optional),
};

constexpr json::Field kSpec[] = {
    json::field<&Spec::version>               ("version"),
    json::field<&Spec::id>                    ("id"),
    json::field<&Spec::name>                  ("name"),
    json::field<&Spec::created>               ("created"),
    json::field<&Spec::image>                 ("image"),
    json::field<&Spec::image_id>              ("imageId", optional),
    json::field<&Spec::layers>                ("layers", optional),
    json::field<&Spec::rootfs>                ("rootfs", optional),
    json::field<&Spec::labels>                ("labels", optional),
    json::field<&Spec::annotations>           ("annotations", optional),
    json::field<&Spec::remove>                ("remove", optional),
    json::field<&Spec::restart>               ("restart", optional),
    json::field<&Spec::health>                ("health", optional),
    json::field<&Spec::log>                   ("log", optional),
    json::field<&Spec::stop_timeout>          ("stopTimeout"),
    json::field<&Spec::requirements>          ("requires", optional),
    json::field<&Spec::argv>                  ("argv"),
    json::field<&Spec::entry_words>           ("entryWords", optional),
    json::field<&Spec::env>                   ("env", optional),
    json::field<&Spec::user>                  ("user", optional),
    json::field<&Spec::groups>                ("groups", optional),
    json::field<&Spec::keep_groups>           ("keepGroups", optional),
    json::field<&Spec::workdir>               ("workdir", optional),
    json::field<&Spec::hostname>              ("hostname", optional),
    json::field<&Spec::stop_signal>           ("stopSignal", optional),
    json::field<&Spec::timezone>              ("timezone", optional),
    json::field<&Spec::umask>                 ("umask", optional),
    json::field<&Spec::oom_score_adj>         ("oomScoreAdj", optional),
    json::field<&Spec::tty>                   ("tty", optional),
    json::field<&Spec::interactive>           ("interactive", optional),
    json::field<&Spec::init>                  ("init", optional),
    json::field<&Spec::network>               ("network"),
    json::field<&Spec::userns>                ("userns"),
    json::field<&Spec::pid>                   ("pid"),
    json::field<&Spec::ipc>                   ("ipc"),
    json::field<&Spec::uts>                   ("uts"),
    json::field<&Spec::cgroupns>              ("cgroupns"),
    json::field<&Spec::network_none>          ("networkNone", optional),
    json::field<&Spec::privileged>            ("privileged", optional),
    json::field<&Spec::no_new_privileges>     ("noNewPrivileges", optional),
    json::field<&Spec::systempaths_unconfined>("systempathsUnconfined", optional),
    json::field<&Spec::capabilities>          ("capabilities"),
    json::field<&Spec::seccomp_unconfined>    ("seccompUnconfined", optional),
    json::field<&Spec::seccomp_profile>       ("seccompProfile", optional),
    json::field<&Spec::ulimits>               ("ulimits", optional),
    json::field<&Spec::sysctls>               ("sysctls", optional),
    json::field<&Spec::limits>                ("limits", optional),
    json::field<&Spec::device_rules>          ("deviceRules", optional),
    json::field<&Spec::read_only>             ("readOnly", optional),
    json::field<&Spec::mounts>                ("mounts", optional),
    json::field<&Spec::devices>               ("devices", optional),
    json::field<&Spec::shm_size>              ("shmSize"),
    json::field<&Spec::hosts>                 ("hosts", optional),
    json::field<&Spec::dns>                   ("dns", optional),
    json::field<&Spec::dns_search>            ("dnsSearch", optional),
    json::field<&Spec::attachments>           ("attachments", optional),
    json::field<&Spec::network_of>            ("networkOf", optional),
    json::field<&Spec::published>             ("published", optional),
    json::field<&Spec::exposed>               ("exposed", optional),
    json::field<&Spec::dns_options>           ("dnsOptions", optional),
    json::field<&Spec::allow_host_loopback>   ("allowHostLoopback", optional),
};
// clang-format on

}  // namespace

std::span<const json::Field> fields_of(const Mount*)
{
    return kMount;
}
std::span<const json::Field> fields_of(const Restart*)
{
    return kRestart;
}
std::span<const json::Field> fields_of(const HealthPlan*)
{
    return kHealthPlan;
}
std::span<const json::Field> fields_of(const LogPlan*)
{
    return kLogPlan;
}
std::span<const json::Field> fields_of(const Attachment*)
{
    return kAttachment;
}
std::span<const json::Field> fields_of(const Device*)
{
    return kDevice;
}
std::span<const json::Field> fields_of(const Ulimit*)
{
    return kUlimit;
}
std::span<const json::Field> fields_of(const Capabilities*)
{
    return kCapabilities;
}
std::span<const json::Field> fields_of(const DeviceRate*)
{
    return kDeviceRate;
}
std::span<const json::Field> fields_of(const Limits*)
{
    return kLimits;
}
std::span<const json::Field> fields_of(const Spec*)
{
    return kSpec;
}

String to_json(const Spec& spec)
{
    return json::write(spec, json::Layout::pretty) + "\n";
}

Result<Spec> spec_from_json(String text)
{
    Spec spec = TRY(json::parse<Spec>(std::move(text)), "spec.json");
    if (spec.version > Spec().version)
        return Error(ENOTSUP, "spec.json is of a newer kist (format %d)", spec.version)
            .with_hint("use the newer kist, or remove the container with it");
    return spec;
}

}  // namespace kist::container
