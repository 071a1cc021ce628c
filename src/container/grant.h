// grant.h - what a container's processes get of capabilities and system calls, decided outside.

#pragma once

#include "base/result.h"
#include "container/confine.h"
#include "container/spec.h"

namespace kist::container {

// What a container can get of `wanted`.  With a user namespace of its own all is there; else what
// we do not have ourselves is left out.  EPERM: that is neither one of docker's defaults nor part
// of `privileged`'s everything, so it was asked for.
Result<Capabilities> grantable(Capabilities wanted, bool user_namespace, bool privileged);

// The filters of `confinement`, whose capabilities are settled.  `single`: the one identity that
// exists in the id-map tier `single`; null in the others.
Result<void> plan_filters(Confinement& confinement, const Spec& spec, const Identity* single);

}  // namespace kist::container
