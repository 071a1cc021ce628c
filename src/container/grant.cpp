// grant.cpp - what a container's processes get of capabilities and system calls.

#include "container/grant.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kist::container {

namespace {

Capabilities permitted_to_us()
{
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) < 0)
        return {};
    return {data[0].permitted | uint64_t(data[1].permitted) << 32};
}

}  // namespace

Result<Capabilities> grantable(Capabilities wanted, bool user_namespace, bool privileged)
{
    if (user_namespace)
        return wanted;
    Capabilities ours = permitted_to_us();
    for (int number = 0; number < 64; number++) {
        if (!wanted.has(number) || ours.has(number))
            continue;
        if (!privileged && !default_capabilities().has(number))
            return Error(EPERM, "--cap-add %s: kist itself was started without it",
                         capability_name(number));
        wanted.remove(number);
    }
    return wanted;
}

Result<void> plan_filters(Confinement& confinement, const Spec& spec, const Identity* single)
{
    bool usual = !spec.seccomp_unconfined && spec.seccomp_profile.empty();
    if (single && usual) {
        // One program instead of two: installing each one costs time.
        confinement.filter =
            TRY(default_single_filter(confinement.capabilities, single->uid, single->gid));
        return {};
    }
    if (single)
        confinement.id_filter = TRY(single_id_filter(single->uid, single->gid));
    if (usual)
        confinement.filter = TRY(default_filter(confinement.capabilities));
    else if (!spec.seccomp_unconfined)
        confinement.filter =
            TRY(profile_filter(spec.seccomp_profile, confinement.capabilities), "--security-opt");
    return {};
}

}  // namespace kist::container
