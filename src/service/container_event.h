// container_event.h - telling of what happens to a container.

#pragma once

#include "container/spec.h"
#include "image/places.h"

namespace kist::service {

// Emits an event (events.h) with what docker says of a container: its labels, image and name.
void emit_of(const image::Places& places, const container::Spec& spec, const char* action);
// Emits "mount" of each volume that it is about to use.
void emit_mounts(const image::Places& places, const container::Spec& spec);
// emit_of() for "die", with the exit code.
void emit_death(const image::Places& places, const container::Spec& spec, int exit_code);

}  // namespace kist::service
