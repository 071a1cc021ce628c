// capabilities.cpp - names of capabilities, docker's rules for choosing them, and imposing them.

#include "container/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iterator>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

// Newer than the headers of the oldest distribution that we build on.
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

// By number (capabilities(7)), with the prefix, one string so that no row costs a relocation.
constexpr char kNames[] =
    "CAP_CHOWN\0CAP_DAC_OVERRIDE\0CAP_DAC_READ_SEARCH\0CAP_FOWNER\0CAP_FSETID\0CAP_KILL\0"
    "CAP_SETGID\0CAP_SETUID\0CAP_SETPCAP\0CAP_LINUX_IMMUTABLE\0CAP_NET_BIND_SERVICE\0"
    "CAP_NET_BROADCAST\0CAP_NET_ADMIN\0CAP_NET_RAW\0CAP_IPC_LOCK\0CAP_IPC_OWNER\0"
    "CAP_SYS_MODULE\0CAP_SYS_RAWIO\0CAP_SYS_CHROOT\0CAP_SYS_PTRACE\0CAP_SYS_PACCT\0"
    "CAP_SYS_ADMIN\0CAP_SYS_BOOT\0CAP_SYS_NICE\0CAP_SYS_RESOURCE\0CAP_SYS_TIME\0"
    "CAP_SYS_TTY_CONFIG\0CAP_MKNOD\0CAP_LEASE\0CAP_AUDIT_WRITE\0CAP_AUDIT_CONTROL\0"
    "CAP_SETFCAP\0CAP_MAC_OVERRIDE\0CAP_MAC_ADMIN\0CAP_SYSLOG\0CAP_WAKE_ALARM\0"
    "CAP_BLOCK_SUSPEND\0CAP_AUDIT_READ\0CAP_PERFMON\0CAP_BPF\0CAP_CHECKPOINT_RESTORE\0";

constexpr int kLast = CAP_CHECKPOINT_RESTORE;

constexpr int8_t kDefault[] = {
    CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,      CAP_FSETID,  CAP_KILL,
    CAP_SETGID, CAP_SETUID,       CAP_SETPCAP,     CAP_NET_RAW, CAP_NET_BIND_SERVICE,
    CAP_MKNOD,  CAP_SYS_CHROOT,   CAP_AUDIT_WRITE, CAP_SETFCAP,
};

// What the kernel has; kLast where it does not say.
int last_of_kernel()
{
    auto text = fs::read_path("/proc/sys/kernel/cap_last_cap", 16);
    if (!text)
        return kLast;
    auto number = str::to_integer(str::trim(*text));
    return number && *number >= 0 && *number < 63 ? int(*number) : kLast;
}

bool is_all(std::string_view name)
{
    return name.size() == 3 && (name[0] | 0x20) == 'a' && (name[1] | 0x20) == 'l' &&
           (name[2] | 0x20) == 'l';
}

// In capitals and with the prefix.
String full_name(std::string_view name)
{
    String full;
    for (char c : name)
        full += c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
    return full.starts_with("CAP_") ? full : "CAP_" + full;
}

struct Request {
    Capabilities named;
    bool all = false;
};

Result<Request> read_request(std::span<const String> words, const char* flag)
{
    Request request;
    for (const String& word : words) {
        if (is_all(word)) {
            request.all = true;
            continue;
        }
        int number = TRY(capability_number(word), "%s", flag);
        request.named.add(number);
    }
    return request;
}

}  // namespace

Capabilities default_capabilities()
{
    Capabilities set;
    for (int number : kDefault)
        set.add(number);
    return set;
}

Capabilities all_capabilities()
{
    int last = last_of_kernel();
    return {(uint64_t{2} << (last < kLast ? last : kLast)) - 1};
}

const char* capability_name(int number)
{
    if (number < 0 || number > kLast)
        return nullptr;
    const char* name = kNames;
    while (number-- > 0)
        name += std::string_view(name).size() + 1;
    return name;
}

Result<int> capability_number(std::string_view name)
{
    String full = full_name(name);
    const char* nearest = "";
    size_t distance = ~size_t{0};
    int number = 0;
    for (const char* known = kNames; *known; known += std::string_view(known).size() + 1) {
        if (full == known)
            return number;
        if (size_t edits = str::distance(full.substr(0, 64), known); edits < distance) {
            distance = edits;
            nearest = known;
        }
        number++;
    }
    return Error(EINVAL, "\"%.*s\" is not a capability", int(name.size()), name.data())
        .with_hint(str::format("did you mean %s? capabilities(7) lists them", nearest + 4));
}

Vector<String> capability_names(Capabilities set)
{
    Vector<String> names;
    for (int number = 0; number <= kLast; number++)
        if (set.has(number))
            names.push_back(capability_name(number));
    return names;
}

Result<Capabilities> resolve_capabilities(std::span<const String> add, std::span<const String> drop,
                                          bool privileged)
{
    Request added = TRY(read_request(add, "--cap-add"));
    Request dropped = TRY(read_request(drop, "--cap-drop"));
    Capabilities every = all_capabilities();
    for (int number = 0; number <= kLast; number++)
        if (added.named.has(number) && !every.has(number))
            return Error(EINVAL, "--cap-add: this kernel has no %s", capability_name(number))
                .with_hint("leave it out; the kernel is older than the capability");
    if (privileged)
        return every;

    if (added.all)
        return Capabilities{every.bits & ~dropped.named.bits};
    if (dropped.all)
        return added.named;
    uint64_t bits = default_capabilities().bits & ~dropped.named.bits;
    return Capabilities{(bits | added.named.bits) & every.bits};
}

int raw_limit_bounding_set(Capabilities keep)
{
    for (int number = 0; number < 64; number++) {
        // Past the last capability of this kernel.
        if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) < 0)
            return 0;
        if (!keep.has(number) && ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
            return errno;
    }
    return 0;
}

int raw_clear_ambient()
{
    return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ? errno : 0;
}

int raw_set_capabilities(Capabilities effective, Capabilities permitted, Capabilities inheritable)
{
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = uint32_t(effective.bits >> (32 * i));
        data[i].permitted = uint32_t(permitted.bits >> (32 * i));
        data[i].inheritable = uint32_t(inheritable.bits >> (32 * i));
    }
    return ::syscall(SYS_capset, &header, data) < 0 ? errno : 0;
}

int raw_keep_capabilities(bool keep)
{
    return ::prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) < 0 ? errno : 0;
}

}  // namespace kist::container
