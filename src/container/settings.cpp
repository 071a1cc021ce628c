// settings.cpp - kernel settings of a container.

#include "container/settings.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/fs.h"
#include "base/string.h"

namespace kist::container {

namespace {

// clang-format off
constexpr struct { const char* prefix; Namespace Spec::*owner; const char* option; } kSysctls[] = {
    {"fs.mqueue.",                &Spec::ipc,     "--ipc host"},
    {"kernel.msgmax",             &Spec::ipc,     "--ipc host"},
    {"kernel.msgmnb",             &Spec::ipc,     "--ipc host"},
    {"kernel.msgmni",             &Spec::ipc,     "--ipc host"},
    {"kernel.sem",                &Spec::ipc,     "--ipc host"},
    {"kernel.shm_rmid_forced",    &Spec::ipc,     "--ipc host"},
    {"kernel.shmall",             &Spec::ipc,     "--ipc host"},
    {"kernel.shmmax",             &Spec::ipc,     "--ipc host"},
    {"kernel.shmmni",             &Spec::ipc,     "--ipc host"},
    {"net.",                      &Spec::network, "--network host"},
};
constexpr struct { const char* name; int number; } kLimits[] = {
    {"as",         RLIMIT_AS},
    {"core",       RLIMIT_CORE},
    {"cpu",        RLIMIT_CPU},
    {"data",       RLIMIT_DATA},
    {"fsize",      RLIMIT_FSIZE},
    {"locks",      RLIMIT_LOCKS},
    {"memlock",    RLIMIT_MEMLOCK},
    {"msgqueue",   RLIMIT_MSGQUEUE},
    {"nice",       RLIMIT_NICE},
    {"nofile",     RLIMIT_NOFILE},
    {"nproc",      RLIMIT_NPROC},
    {"rss",        RLIMIT_RSS},
    {"rtprio",     RLIMIT_RTPRIO},
    {"rttime",     RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack",      RLIMIT_STACK},
};
// clang-format on

Result<void> check_sysctl(const Spec& spec, const String& name)
{
    bool known_letters = name.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789._-/") == name.npos;
    for (auto& row : kSysctls) {
        std::string_view prefix = row.prefix;
        bool same = prefix.ends_with('.') ? name.starts_with(prefix) : name == prefix;
        if (!same || !known_letters || name.find("..") != name.npos)
            continue;
        if (spec.*row.owner == Namespace::host)
            return Error(EINVAL, "--sysctl %s: not allowed with %s, it would change the host",
                         name.c_str(), row.option);
        return {};
    }
    return Error(EINVAL, "--sysctl %s: not in a separate kernel namespace", name.c_str())
        .with_hint("set it on the host, for all of the system");
}

int limit_number(const String& name)
{
    for (auto& row : kLimits)
        if (name == row.name)
            return row.number;
    return -1;
}

// "net.ipv4.ip_forward" is net/ipv4/ip_forward; where a name itself has dots (an interface) it may
// be written with slashes.
Result<void> write_sysctl(const Fd& root, const String& name, const String& value)
{
    String path = "/proc/sys/" + name;
    if (name.find('/') == name.npos)
        for (char& letter : path)
            if (letter == '.')
                letter = '/';
    auto file = sys::open_in_root(root, path, O_WRONLY);
    if (!file)
        return std::move(file).error().context("--sysctl %s", name.c_str());
    if (sys::retry([&] { return ::write(file->get(), value.data(), value.size()); }) < 0)
        return os_error("--sysctl %s=%s", name.c_str(), value.c_str());
    return {};
}

Result<void> raise_loopback()
{
    int number = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (number < 0)
        return errno == EAFNOSUPPORT ? Result<void>() : os_error("socket");
    Fd socket(number);
    ifreq request = {};
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0)
        return os_error("raise the loopback link");
    return {};
}

}  // namespace

Result<void> check_settings(const Spec& spec)
{
    for (auto& [name, value] : spec.sysctls)
        TRY(check_sysctl(spec, name));
    for (const Ulimit& limit : spec.ulimits)
        if (limit_number(limit.name) < 0)
            return Error(EINVAL, "--ulimit %s: no such limit", limit.name.c_str())
                .with_hint("for example nofile=1024:4096");
    return {};
}

Result<void> set_oom_score(const Spec& spec, std::optional<int> usual)
{
    std::optional<int> score = spec.oom_score_adj ? spec.oom_score_adj : usual;
    if (!score)
        return {};
    auto written =
        fs::poke(sys::borrow(AT_FDCWD), "/proc/self/oom_score_adj", str::format("%d", *score));
    if (!spec.oom_score_adj)
        return {};  // as good as can be
    if (!written && written.error().is(EACCES))
        return Error(EPERM, "--oom-score-adj %d: only root may go below the present value",
                     *spec.oom_score_adj);
    return written;
}

Result<void> apply_namespace_settings(const Spec& spec, const Fd& root)
{
    if (spec.uts == Namespace::own && ::sethostname(spec.hostname.data(), spec.hostname.size()) < 0)
        return os_error("set hostname %s", spec.hostname.c_str());
    if (spec.network == Namespace::own && spec.network_of.empty())
        TRY(raise_loopback());
    for (auto& [name, value] : spec.sysctls)
        TRY(write_sysctl(root, name, value));
    return {};
}

Result<void> apply_limits(const Spec& spec)
{
    for (const Ulimit& limit : spec.ulimits) {
        rlimit wanted = {.rlim_cur = limit.soft == UINT64_MAX ? RLIM_INFINITY : rlim_t(limit.soft),
                         .rlim_max = limit.hard == UINT64_MAX ? RLIM_INFINITY : rlim_t(limit.hard)};
        if (::prlimit(0, decltype(RLIMIT_CORE)(limit_number(limit.name)), &wanted, nullptr) == 0)
            continue;
        if (errno != EPERM)
            return os_error("--ulimit %s", limit.name.c_str());
        rlimit ours = {};
        ::getrlimit(limit_number(limit.name), &ours);
        return Error(EPERM,
                     "--ulimit %s: above our own hard limit of %llu, which only root may raise",
                     limit.name.c_str(), static_cast<unsigned long long>(ours.rlim_max));
    }
    return {};
}

}  // namespace kist::container
