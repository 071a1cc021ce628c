// container_event.cpp - telling of what happens to a container.

#include "service/container_event.h"

#include "base/string.h"
#include "service/events.h"

namespace kist::service {

void emit_of(const image::Places& places, const container::Spec& spec, const char* action,
             const char* attribute, String value)
{
    Event event = {.type = "container", .action = action, .id = spec.id, .attributes = spec.labels};
    event.attributes.emplace_back("image", spec.image);
    event.attributes.emplace_back("name", spec.name);
    if (attribute)
        event.attributes.emplace_back(attribute, std::move(value));
    emit(places, event);
}

void emit_mounts(const image::Places& places, const container::Spec& spec)
{
    for (const container::Mount& mount : spec.mounts) {
        if (mount.kind != container::Mount::Kind::volume)
            continue;
        Event event = {.type = "volume", .action = "mount", .id = mount.source};
        event.attributes = {{"container", spec.id},
                            {"destination", mount.target},
                            {"driver", "local"},
                            {"read/write", mount.read_only ? "false" : "true"}};
        emit(places, event);
    }
}

}  // namespace kist::service
