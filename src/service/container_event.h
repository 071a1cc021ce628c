// container_event.h - telling of what happens to a container.

#pragma once

#include "base/string.h"
#include "container/spec.h"
#include "image/places.h"

namespace kist::service {

// Emits an event (events.h) with what docker says of a container: its labels, image and name.
// `attribute`, when it is not null, is one more, with `value`.
void emit_of(const image::Places& places, const container::Spec& spec, const char* action,
             const char* attribute = nullptr, String value = {});
// Emits "mount" of each volume that it is about to use.
void emit_mounts(const image::Places& places, const container::Spec& spec);

}  // namespace kist::service
