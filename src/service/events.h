// events.h - what happens to containers, images, volumes and networks, for `kist events`.
//
// STATE/events.json holds one JSON object a line, docker's form; beyond 512 KiB it becomes
// events.json.1 in the place of an older one.  Volatile: both are gone after a reboot.  Every
// process of this user appends to it.

#pragma once

#include <functional>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "image/places.h"

namespace kist::service {

struct Event {
    String type;           // "container", "image", "volume", "network"
    String action;         // "create", "start", "die", "health_status: healthy"
    String id;             // of the actor
    json::Map attributes;  // name, image, exitCode, ...
    int64_t time = 0;      // nanoseconds since 1970; 0: now
};
// docker's form of it, on one line.
String to_json(const Event& event);
// EBADMSG.
Result<Event> event_from_json(String text);

// Appends it.  Best effort: events are no record, and keep no command from its work.
void emit(const image::Places& places, const Event& event);

// Calls `take` for each event from `since` on (nanoseconds since 1970), the oldest first, until
// `until`; waits for more, sleeping in inotify(7), when `until` is in the future.
Result<void> read_events(const image::Places& places, int64_t since, int64_t until,
                         const std::function<Result<void>(const Event&)>& take);

}  // namespace kist::service
