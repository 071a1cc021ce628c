// cgroup_place.cpp - where a container's cgroup goes: into what is delegated to us, else into a
// scope.

#include "base/log.h"
#include "container/cgroup.h"
#include "container/delegation.h"
#include "container/launch.h"
#include "container/scope.h"

namespace kist::container {

namespace {

Result<Cgroup> make_limited(const Spec& spec)
{
    Delegation place = TRY(find_delegation());
    Cgroup cgroup = TRY(Cgroup::create(place, spec.id));
    Undo remove([&] { (void)cgroup.destroy(); });
    TRY(cgroup.limit(spec.limits));
    remove.keep();
    return cgroup;
}

// Whether another place in the tree could mend it.
bool is_for_want_of_place(const Error& error)
{
    return error.is(EACCES) || error.is(EPERM) || error.is(EBUSY);
}

}  // namespace

Result<std::optional<Cgroup>> make_cgroup(const Spec& spec)
{
    bool needed = spec.limits.any();
    auto made = make_limited(spec);
    // Processes with the host's numbers are held together by nothing else.
    if (!made && (needed || spec.pid == Namespace::host) && is_for_want_of_place(made.error()) &&
        can_ask_for_scope()) {
        auto entered = enter_scope(spec.id);
        if (entered)
            made = make_limited(spec);
        else
            made = std::move(entered).error().context("%s", made.error().message().c_str());
    }
    if (made)
        return std::optional<Cgroup>(std::move(*made));
    if (needed)
        return std::move(made).error().context("cannot limit the container");
    log::debug("no cgroup: %s", made.error().message().c_str());
    return std::optional<Cgroup>();
}

}  // namespace kist::container
