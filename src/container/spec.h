// spec.h - what to run: what was asked for on the command line, merged with the image's config.
//
// RunOptions is the command line as typed, one member per flag (cli/run.cpp has its rows).  Spec
// is what launch needs and what is kept in the container's directory: no question is left open in
// it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/carried.h"
#include "base/json.h"
#include "base/result.h"
#include "container/capabilities.h"
#include "container/cgroup.h"
#include "image/store.h"

namespace kist::container {

// Tri-state of a flag that may be absent.
using Choice = std::optional<std::string>;

struct RunOptions {
    bool interactive = false, tty = false, remove = false, replace = false, read_only = false;
    bool privileged = false, init = false, publish = false;
    std::vector<std::string> environment, environment_files;
    std::string user, workdir, hostname, name, cidfile, stop_signal, umask, timezone, platform;
    Choice entrypoint;  // --entrypoint "" clears the image's
    std::vector<std::string> volumes, mounts, tmpfs, devices, device_rules;
    std::vector<std::string> capabilities_added, capabilities_dropped, security, ulimits, sysctls;
    std::vector<std::string> hosts, dns, dns_search, groups, labels, label_files, annotations;
    std::string shm_size, pull = "missing";
    std::string network;  // "host" unless said
    std::string userns, pid, ipc, uts, cgroupns;
    std::optional<int> oom_score_adj;
    // Life
    bool detach = false, no_healthcheck = false, quiet = false;
    std::string restart, detach_keys, log_driver, health_cmd, health_on_failure;
    std::string health_interval, health_timeout, health_start_period, health_start_interval;
    std::optional<int> stop_timeout, health_retries;
    std::vector<std::string> log_options, requirements, volumes_from;
    std::vector<std::string> attach;  // stdin, stdout, stderr; none: as -i and -t say
    bool rootfs = false;              // IMAGE is a directory to use as the root file system
    Limits limits;
};

// One mount asked for: --volume, --mount, --tmpfs, and the image's volumes.
struct Mount {
    using Growth = CarriedAsBytes<Mount>;
    enum class Kind : uint8_t { bind, tmpfs, volume };
    Kind kind = Kind::bind;
    std::string source;       // bind: absolute, on the host; volume: its name (volume_store.h)
    bool anonymous = false;   // volume: its name was made up; it goes with `rm -v` and --rm
    bool must_exist = false;  // --mount: a source that is missing is an error; --volume makes it
    std::string target;       // absolute, in the container
    bool read_only = false;
    bool flat = false;        // leave out what is mounted below `source`
    bool copy_up = false;     // volume: fill from the image's directory when it is empty
    std::string propagation;  // "rprivate" unless asked otherwise
    std::string options;      // tmpfs: "size=64m,mode=1777"
    bool no_exec = false, no_suid = false, no_dev = false;
    json::Map labels, driver_options;  // volume: when it has to be made
};

struct Device {
    using Growth = CarriedAsBytes<Device>;
    std::string source, target, permissions;  // "/dev/ttyUSB0", "/dev/ttyUSB0", "rwm"
};

struct Ulimit {
    using Growth = CarriedAsBytes<Ulimit>;
    std::string name;             // "nofile"
    uint64_t soft = 0, hard = 0;  // UINT64_MAX: unlimited
};

enum class Namespace : uint8_t { own, host };

// --restart.
struct Restart {
    enum class Policy : uint8_t { no, on_failure, always, unless_stopped };
    Policy policy = Policy::no;
    unsigned retries = 0;  // on_failure: at most so many; 0: without end
};
// "on-failure:3".  EINVAL.
Result<Restart> parse_restart(std::string_view text);
std::string to_text(const Restart& restart);

// The image's HEALTHCHECK with what --health-* changed.  Times are nanoseconds, and filled in.
struct HealthPlan {
    enum class OnFailure : uint8_t { none, kill, restart, stop };
    std::vector<std::string> test;  // {"CMD", word...} or {"CMD-SHELL", line}
    int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;
    unsigned retries = 0;
    OnFailure on_failure = OnFailure::none;
};

// --log-driver and --log-opt.
struct LogPlan {
    enum class Driver : uint8_t { json_file, syslog, ring, none };
    Driver driver = Driver::json_file;
    uint64_t max_size = 10 << 20;  // bytes of one file
    unsigned max_files = 3;
    std::string tag;      // syslog: the name of the sender; "": the container's
    std::string address;  // syslog: "": /dev/log; else "unix:///path" or "udp://host:port"
};
const char* to_text(LogPlan::Driver driver);  // "json-file"

struct Spec {
    // Out of line, as in all large structs: the many places that hold one stay small.
    Spec();
    Spec(Spec&&) noexcept;
    Spec& operator=(Spec&&) noexcept;
    ~Spec();

    // Identity
    int version = 1;  // of the format on disk
    std::string id;   // 64 hex digits
    std::string name;
    std::string created;           // RFC 3339
    std::string image;             // as it was asked for
    std::string image_id;          // config digest; empty with --rootfs
    std::vector<unsigned> layers;  // store layer numbers, bottom first
    std::string rootfs;            // --rootfs: absolute directory
    json::Map labels, annotations;
    bool remove = false;

    // Life
    Restart restart;
    std::optional<HealthPlan> health;
    LogPlan log;
    unsigned stop_timeout = 10;             // seconds; UINT_MAX: for ever
    std::vector<std::string> requirements;  // containers that must run first, by name

    // The process.  argv[0] is looked up in the container's PATH; user in its passwd.
    std::vector<std::string> argv, env;
    unsigned entry_words = 0;  // how many of argv are the entry point's
    std::string user;          // "", "name", "uid", "name:group", "uid:gid"
    std::vector<std::string> groups;
    bool keep_groups = false;
    std::string workdir;
    std::string hostname, stop_signal, timezone;
    std::optional<unsigned> umask;
    std::optional<int> oom_score_adj;
    bool tty = false, interactive = false, init = false;

    // Confinement
    Namespace network = Namespace::host, userns = Namespace::own, pid = Namespace::own,
              ipc = Namespace::own, uts = Namespace::own, cgroupns = Namespace::own;
    bool network_none = false;  // a network namespace with loopback only
    bool privileged = false, no_new_privileges = false, systempaths_unconfined = false;
    Capabilities capabilities;  // effective, permitted, bounding
    bool seccomp_unconfined = false;
    std::string seccomp_profile;  // contents of the file; empty: the default filter
    std::vector<Ulimit> ulimits;
    json::Map sysctls;
    Limits limits;
    std::vector<std::string> device_rules;

    // Files
    bool read_only = false;
    std::vector<Mount> mounts;
    std::vector<Device> devices;
    uint64_t shm_size = 64 << 20;                     // bytes
    std::vector<std::string> hosts, dns, dns_search;  // "name:address"
};

// Merges the two by docker's rules (entrypoint clears cmd; "-e NAME" takes the caller's value; a
// host's TERM with -t; volumes of the image become anonymous mounts; ...).  EINVAL names the flag
// and what it takes.  `image` is null with --rootfs.  The id is filled in; a name that nobody gave
// is left to service::create(), which knows those that are taken.  `inherited` is what
// --volumes-from stands for (volume_use.h): others at its targets come first.
Result<Spec> make_spec(const RunOptions& options, const std::string& image_name,
                       const image::Image* image, const std::vector<std::string>& command,
                       const std::vector<Mount>& inherited = {});

// Sets in `env` what the lines of `files` (--env-file) and `words` (--env) say: NAME=VALUE, or NAME
// for the caller's own value.  EINVAL.
Result<void> add_variables(std::vector<std::string>& env, const std::vector<std::string>& files,
                           const std::vector<std::string>& words);

// The Spec as it is kept on disk.
std::string to_json(const Spec& spec);
Result<Spec> spec_from_json(std::string text);

}  // namespace kist::container
