// spec.h - what to run: what was asked for on the command line, merged with the image's config.
//
// RunOptions is the command line as typed, one member per flag (cli/run.cpp has its rows).  Spec
// is what launch needs and what is kept in the container's directory: no question is left open in
// it.

#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/capabilities.h"
#include "container/cgroup.h"
#include "image/store.h"
#include "network/wiring.h"

namespace kist::container {

// In place of an address in --add-host: this machine's, as the container sees it.
inline constexpr const char* kHostGateway = "host-gateway";

// Tri-state of a flag that may be absent.
using Choice = std::optional<String>;

struct RunOptions {
    bool interactive = false, tty = false, remove = false, replace = false, read_only = false;
    bool privileged = false, init = false, publish_all = false, allow_host_loopback = false;
    Vector<String> environment, environment_files;
    String user, workdir, hostname, name, cidfile, stop_signal, umask, timezone, platform;
    Choice entrypoint;  // --entrypoint "" clears the image's
    Vector<String> volumes, mounts, tmpfs, devices, device_rules;
    Vector<String> capabilities_added, capabilities_dropped, security, ulimits, sysctls;
    Vector<String> hosts, dns, dns_search, groups, labels, label_files, annotations;
    String shm_size, pull = "missing";
    Vector<String> networks;  // "bridge" unless said
    Vector<String> network_aliases, publish, expose, dns_options;
    String ip, ip6, mac_address;
    String userns, pid, ipc, uts, cgroupns;
    std::optional<int> oom_score_adj;
    // Life
    bool detach = false, no_healthcheck = false, quiet = false;
    String restart, detach_keys, log_driver, health_cmd, health_on_failure;
    String health_interval, health_timeout, health_start_period, health_start_interval;
    std::optional<int> stop_timeout, health_retries;
    Vector<String> log_options, requirements, volumes_from;
    Vector<String> attach;  // stdin, stdout, stderr; none: as -i and -t say
    bool rootfs = false;    // IMAGE is a directory to use as the root file system
    Limits limits;
};

// One mount asked for: --volume, --mount, --tmpfs, and the image's volumes.
struct Mount {
    enum class Kind : uint8_t { bind, tmpfs, volume };
    Kind kind = Kind::bind;
    String source;            // bind: absolute, on the host; volume: its name (volume_store.h)
    bool anonymous = false;   // volume: its name was made up; it goes with `rm -v` and --rm
    bool must_exist = false;  // --mount: a source that is missing is an error; --volume makes it
    String target;            // absolute, in the container
    bool read_only = false;
    bool flat = false;     // leave out what is mounted below `source`
    bool copy_up = false;  // volume: fill from the image's directory when it is empty
    String propagation;    // "rprivate" unless asked otherwise
    String options;        // tmpfs: "size=64m,mode=1777"
    bool no_exec = false, no_suid = false, no_dev = false;
    json::Map labels, driver_options;  // volume: when it has to be made
};

// A network that the container is on, and what was asked for there; "": anything.
struct Attachment {
    String network;  // its name
    String address, address6, mac;
    Vector<String> aliases;
};

struct Device {
    String source, target, permissions;  // "/dev/ttyUSB0", "/dev/ttyUSB0", "rwm"
};

struct Ulimit {
    String name;                  // "nofile"
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
String to_text(const Restart& restart);

// The image's HEALTHCHECK with what --health-* changed.  Times are nanoseconds, and filled in.
struct HealthPlan {
    enum class OnFailure : uint8_t { none, kill, restart, stop };
    Vector<String> test;  // {"CMD", word...} or {"CMD-SHELL", line}
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
    String tag;      // syslog: the name of the sender; "": the container's
    String address;  // syslog: "": /dev/log; else "unix:///path" or "udp://host:port"
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
    String id;        // 64 hex digits
    String name;
    String created;           // RFC 3339
    String image;             // as it was asked for
    String image_id;          // config digest; empty with --rootfs
    Vector<unsigned> layers;  // store layer numbers, bottom first
    String rootfs;            // --rootfs: absolute directory
    json::Map labels, annotations;
    bool remove = false;

    // Life
    Restart restart;
    std::optional<HealthPlan> health;
    LogPlan log;
    unsigned stop_timeout = 10;   // seconds; UINT_MAX: for ever
    Vector<String> requirements;  // containers that must run first, by name

    // The process.  argv[0] is looked up in the container's PATH; user in its passwd.
    Vector<String> argv, env;
    unsigned entry_words = 0;  // how many of argv are the entry point's
    String user;               // "", "name", "uid", "name:group", "uid:gid"
    Vector<String> groups;
    bool keep_groups = false;
    String workdir;
    String hostname, stop_signal, timezone;
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
    String seccomp_profile;  // contents of the file; empty: the default filter
    Vector<Ulimit> ulimits;
    json::Map sysctls;
    Limits limits;
    Vector<String> device_rules;

    // Files
    bool read_only = false;
    Vector<Mount> mounts;
    Vector<Device> devices;
    uint64_t shm_size = 64 << 20;           // bytes
    Vector<String> hosts, dns, dns_search;  // "name:address"

    // Networks
    Vector<Attachment> attachments;   // none: host, none, or another container's
    String network_of;                // the id of the container whose network is shared
    Vector<network::Port> published;  // as asked for
    Vector<String> exposed;           // "80/tcp", "8000-8010/udp"
    Vector<String> dns_options;
    bool allow_host_loopback = false;  // the gateway's address stands for the host's 127.0.0.1
};

// Merges the two by docker's rules (entrypoint clears cmd; "-e NAME" takes the caller's value; a
// host's TERM with -t; volumes of the image become anonymous mounts; ...).  EINVAL names the flag
// and what it takes.  `image` is null with --rootfs.  The id is filled in; a name that nobody gave
// is left to service::create(), which knows those that are taken.  `inherited` is what
// --volumes-from stands for (volume_use.h): others at its targets come first.
Result<Spec> make_spec(const RunOptions& options, const String& image_name,
                       const image::Image* image, const Vector<String>& command,
                       const Vector<Mount>& inherited = {});

// Sets in `env` what the lines of `files` (--env-file) and `words` (--env) say: NAME=VALUE, or NAME
// for the caller's own value.  EINVAL.
Result<void> add_variables(Vector<String>& env, const Vector<String>& files,
                           const Vector<String>& words);

// The Spec as it is kept on disk.
String to_json(const Spec& spec);
Result<Spec> spec_from_json(String text);

}  // namespace kist::container
