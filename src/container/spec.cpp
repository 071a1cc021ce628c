// spec.cpp - the command line and the image's config merged into what will run.
//
// Each function settles one chapter of the Spec; make_spec() at the end is their order.  Where the
// two disagree docker's rules hold: the command line wins, and a list is added to.

#include "container/spec.h"

#include <cstdlib>

#include "base/clock.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/random.h"
#include "base/relocate.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/names.h"
#include "container/spec_life.h"
#include "container/spec_network.h"
#include "container/spec_words.h"

namespace kist::container {

namespace {

constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr size_t kIdDigits = 64;
constexpr size_t kShortId = 12;
constexpr size_t kMaxProfile = 1 << 20;

std::string_view name_of(std::string_view variable)
{
    return variable.substr(0, variable.find('='));
}

// Puts NAME=VALUE into `list`, in the place of an earlier value of the same name.
void set_variable(Vector<String>& list, std::string_view variable)
{
    for (String& earlier : list)
        if (name_of(earlier) == name_of(variable)) {
            earlier = variable;
            return;
        }
    list.emplace_back(variable);
}

bool has_variable(const Vector<String>& list, std::string_view name)
{
    for (const String& variable : list)
        if (name_of(variable) == name)
            return true;
    return false;
}

// "NAME=VALUE" as given; a bare "NAME" takes the caller's value, or is left out.
void add_variable(Vector<String>& list, const String& text)
{
    if (text.find('=') != text.npos)
        set_variable(list, text);
    else if (const char* value = ::getenv(text.c_str()))
        set_variable(list, text + "=" + value);
}

Result<void> settle_program(Spec& spec, const RunOptions& options, const image::Execution& image,
                            const Vector<String>& command)
{
    Vector<String> cmd = command;
    if (options.entrypoint) {
        if (!options.entrypoint->empty())
            spec.argv.push_back(*options.entrypoint);
    } else {
        spec.argv = image.entrypoint;
        if (cmd.empty())
            cmd = image.cmd;
    }
    spec.entry_words = static_cast<unsigned>(spec.argv.size());
    for (const String& word : cmd)
        spec.argv.push_back(word);
    if (spec.argv.empty() || spec.argv[0].empty())
        return Error(EINVAL, "no command to run: the image names none")
            .with_hint("give one after the image's name");

    spec.user = options.user.empty() ? image.user : options.user;
    spec.workdir = options.workdir.empty() ? image.working_directory : options.workdir;
    if (spec.workdir.empty())
        spec.workdir = "/";
    if (!spec.workdir.starts_with('/'))
        return Error(EINVAL, "--workdir %s: must be absolute", spec.workdir.c_str());

    spec.stop_signal = options.stop_signal.empty() ? image.stop_signal : options.stop_signal;
    if (!spec.stop_signal.empty())
        TRY(parse_signal(spec.stop_signal), "--stop-signal");
    spec.tty = options.tty;
    spec.interactive = options.interactive;
    spec.init = options.init;
    spec.timezone = options.timezone;
    spec.oom_score_adj = options.oom_score_adj;
    if (spec.oom_score_adj && (*spec.oom_score_adj < -1000 || *spec.oom_score_adj > 1000))
        return Error(EINVAL, "--oom-score-adj must be between -1000 and 1000");
    if (!options.umask.empty()) {
        unsigned long long mask = 0;
        if (!str::read_natural(options.umask, mask, 8) || mask > 0777)
            return Error(EINVAL, "--umask %s: expected an octal number such as 0022",
                         options.umask.c_str());
        spec.umask = unsigned(mask);
    }
    return {};
}

Result<void> settle_environment(Spec& spec, const RunOptions& options,
                                const image::Execution& image)
{
    for (const String& variable : image.env)
        set_variable(spec.env, variable);
    if (!has_variable(spec.env, "PATH"))
        spec.env.insert(spec.env.begin(), kDefaultPath);
    set_variable(spec.env, "HOSTNAME=" + spec.hostname);
    if (spec.tty && !has_variable(spec.env, "TERM"))
        spec.env.emplace_back("TERM=xterm");

    return add_variables(spec.env, options.environment_files, options.environment);
}

Result<void> settle_labels(Spec& spec, const RunOptions& options, const image::Execution& image)
{
    auto put = [](json::Map& map, const String& text) {
        std::string_view value = text;
        std::string_view name = str::cut(value, '=');
        for (auto& [key, old] : map)
            if (key == name) {
                old = value;
                return;
            }
        map.emplace_back(name, value);
    };
    spec.labels = image.labels;
    for (const String& file : options.label_files)
        for (const String& line : TRY(read_lines_of(file), "--label-file"))
            put(spec.labels, line);
    for (const String& label : options.labels)
        put(spec.labels, label);
    for (const String& annotation : options.annotations)
        put(spec.annotations, annotation);
    return {};
}

struct NamespaceFlag {
    const char* flag;
    const String RunOptions::*asked;
    Namespace Spec::*settled;
};

Result<void> settle_namespaces(Spec& spec, const RunOptions& options)
{
    constexpr NamespaceFlag kFlags[] = {
        {"cgroupns", &RunOptions::cgroupns, &Spec::cgroupns},
        {"ipc", &RunOptions::ipc, &Spec::ipc},
        {"pid", &RunOptions::pid, &Spec::pid},
        {"userns", &RunOptions::userns, &Spec::userns},
        {"uts", &RunOptions::uts, &Spec::uts},
    };
    for (const NamespaceFlag& row : kFlags) {
        const String& asked = options.*row.asked;
        if (asked == "host")
            spec.*row.settled = Namespace::host;
        else if (!asked.empty() && asked != "private")
            return Error(EINVAL, "--%s %s: expected host or private", row.flag, asked.c_str());
    }
    if (spec.uts == Namespace::host && !options.hostname.empty())
        return Error(EINVAL, "--hostname cannot be set with --uts host");
    spec.hostname = options.hostname.empty() ? spec.id.substr(0, kShortId) : options.hostname;
    if (spec.uts == Namespace::host)
        spec.hostname = String(str::trim(TRY(fs::read_path("/proc/sys/kernel/hostname"))));
    if (spec.hostname.size() > 64)
        return Error(EINVAL, "--hostname %s: longer than 64 characters", spec.hostname.c_str());
    return {};
}

Result<void> settle_security_option(Spec& spec, const String& option)
{
    std::string_view value = option;
    size_t separator = option.find_first_of("=:");
    String name = option.substr(0, separator);
    value = separator == option.npos ? std::string_view() : value.substr(separator + 1);
    if (name == "no-new-privileges" && (value.empty() || value == "true" || value == "false")) {
        spec.no_new_privileges = value != "false";
    } else if (name == "seccomp") {
        spec.seccomp_unconfined = value == "unconfined";
        if (value != "unconfined" && value != "builtin")
            spec.seccomp_profile =
                TRY(fs::read_path(String(value), kMaxProfile), "--security-opt seccomp");
    } else if (option == "systempaths=unconfined") {
        spec.systempaths_unconfined = true;
    } else if (option != "apparmor=unconfined" && option != "label=disable" &&
               option != "apparmor:unconfined" && option != "label:disable") {
        // Those last ask for less than we ever apply; anything else would be a promise not kept.
        return Error(EINVAL, "--security-opt %s is not supported", option.c_str())
            .with_hint(
                "there are no-new-privileges, seccomp=FILE, seccomp=unconfined and "
                "systempaths=unconfined");
    }
    return {};
}

Result<void> settle_confinement(Spec& spec, const RunOptions& options)
{
    spec.privileged = options.privileged;
    spec.capabilities = TRY(resolve_capabilities(options.capabilities_added,
                                                 options.capabilities_dropped, spec.privileged));
    spec.seccomp_unconfined = spec.systempaths_unconfined = spec.privileged;
    for (const String& option : options.security)
        TRY(settle_security_option(spec, option));
    for (const String& group : options.groups)
        if (group == "keep-groups")
            spec.keep_groups = true;
        else
            spec.groups.push_back(group);
    if (spec.keep_groups && !spec.groups.empty())
        return Error(EINVAL, "--group-add keep-groups cannot be combined with other groups");
    for (const String& limit : options.ulimits)
        spec.ulimits.push_back(TRY(parse_ulimit(limit)));
    for (const String& sysctl : options.sysctls)
        spec.sysctls.push_back(TRY(parse_pair(sysctl, "sysctl")));
    spec.limits = options.limits;
    TRY(check_limits(spec.limits));
    spec.device_rules = options.device_rules;
    return {};
}

const Mount* mount_at(const Spec& spec, std::string_view target)
{
    for (const Mount& mount : spec.mounts)
        if (mount.target == target)
            return &mount;
    return nullptr;
}

Result<void> add_mount(Spec& spec, Result<Mount> parsed)
{
    Mount mount = TRY(std::move(parsed));
    if (mount_at(spec, mount.target))
        return Error(EINVAL, "%s is mounted twice", mount.target.c_str());
    if (mount.kind == Mount::Kind::volume && mount.source.empty()) {
        mount.source = random::hex(kIdDigits);
        mount.anonymous = true;
    }
    spec.mounts.push_back(std::move(mount));
    return {};
}

Result<void> settle_mounts(Spec& spec, const RunOptions& options, const image::Execution& image,
                           const Vector<Mount>& inherited)
{
    for (const String& volume : options.volumes)
        TRY(add_mount(spec, parse_volume(volume)));
    for (const String& mount : options.mounts)
        TRY(add_mount(spec, parse_mount(mount)));
    for (const String& tmpfs : options.tmpfs)
        TRY(add_mount(spec, parse_tmpfs(tmpfs)));
    for (const Mount& mount : inherited)
        if (!mount_at(spec, mount.target))
            spec.mounts.push_back(mount);
    for (const String& volume : image.volumes)
        if (String target = path::clean(volume); !mount_at(spec, target) && target != "/")
            TRY(add_mount(spec, parse_volume(target)), "the image's volume");
    return {};
}

Result<void> settle_files(Spec& spec, const RunOptions& options)
{
    spec.read_only = options.read_only;
    for (const String& device : options.devices)
        spec.devices.push_back(TRY(parse_device(device)));
    if (!options.shm_size.empty())
        spec.shm_size = TRY(str::to_bytes(options.shm_size), "--shm-size");
    return {};
}

// With --rootfs the "image" is a directory.
Result<void> settle_rootfs(Spec& spec, const String& name, const image::Image* image)
{
    spec.image = name;
    if (image) {
        spec.image_id = image->id.text();
        for (const image::LayerInfo& layer : image->layers)
            spec.layers.push_back(layer.number);
        return {};
    }
    Fd directory = TRY(sys::open(name, O_PATH | O_DIRECTORY), "--rootfs");
    spec.rootfs = TRY(
        sys::readlink_at(sys::borrow(AT_FDCWD), str::format("/proc/self/fd/%d", directory.get())));
    return {};
}

}  // namespace

Result<void> add_variables(Vector<String>& env, const Vector<String>& files,
                           const Vector<String>& words)
{
    for (const String& file : files)
        for (const String& line : TRY(read_lines_of(file), "--env-file"))
            add_variable(env, line);
    for (const String& variable : words) {
        if (name_of(variable).empty())
            return Error(EINVAL, "--env \"%s\": expected NAME=VALUE or NAME", variable.c_str());
        add_variable(env, variable);
    }
    return {};
}

Spec::Spec() = default;
Spec::Spec(Spec&& other) noexcept : Spec()
{
    swap_with(*this, other);
}
Spec& Spec::operator=(Spec&& other) noexcept
{
    return swap_with(*this, other);
}
Spec::~Spec() = default;

Result<Spec> make_spec(const RunOptions& options, const String& image_name,
                       const image::Image* image, const Vector<String>& command,
                       const Vector<Mount>& inherited)
{
    const image::Execution nothing;
    const image::Execution& execution = image ? image->config.execution : nothing;

    Spec spec;
    spec.id = random::hex(kIdDigits);
    spec.name = options.name;
    if (!spec.name.empty())
        TRY(check_name(spec.name));
    spec.created = clock::now_text();
    spec.remove = options.remove;
    TRY(settle_rootfs(spec, image_name, image));
    TRY(settle_namespaces(spec, options));
    TRY(settle_network(spec, options, execution));
    TRY(settle_program(spec, options, execution, command));
    TRY(settle_environment(spec, options, execution));
    TRY(settle_labels(spec, options, execution));
    TRY(settle_confinement(spec, options));
    TRY(settle_life(spec, options, execution));
    TRY(settle_mounts(spec, options, execution, inherited));
    TRY(settle_files(spec, options));
    return spec;
}

}  // namespace kist::container
