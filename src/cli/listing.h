// listing.h - containers as ps, inspect, stats and prune see them: the record, and what is asked of
// those that live.

#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/context.h"
#include "container/container.h"
#include "network/wiring.h"
#include "service/engine.h"

namespace kist::cli {

inline constexpr size_t kShortId = 12;  // digits of an id that tables show

// Moves only.
struct Listed {
    container::Spec spec;
    container::State state;
    bool paused = false;
    String health;             // "starting", "healthy", "unhealthy"; "" without a health check
    uint64_t written = 0;      // bytes in its own layer; by measure()
    uint64_t image_bytes = 0;  // of the layers below it; the same
    network::Wiring wiring;    // of one that runs
};

// All containers, newest first.
Result<Vector<Listed>> list_containers(const service::Engine& engine);
// By name, id or unique prefix of the id.  ENOENT, EINVAL.
Result<Listed> find_container(const service::Engine& engine, std::string_view name);

// What its monitor last wrote about its health, docker's State.Health in JSON; "" when there is
// none.
String read_health(const service::Engine& engine, const String& id);

// Fills in the sizes.
Result<void> measure(const Context& context, Vector<Listed>& containers);

// docker's words: "running", "paused", "exited", ...
const char* state_word(const Listed& listed);
// "Up 5 minutes (healthy)", "Up 2 hours (Paused)", "Exited (0) 3 seconds ago".
String status_text(const Listed& listed);

// What a file of the container's cgroup says; nothing when there is none.
std::optional<String> read_cgroup(const container::State& state, const char* file);

String joined(const Vector<String>& words, const char* separator);

}  // namespace kist::cli
