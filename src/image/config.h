// config.h - an image's configuration (OCI image-spec, config.md) and platforms.

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/digest.h"
#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::image {

struct Platform {
    String os = "linux";
    String architecture;  // Go's names: "amd64", "arm64", "arm"
    String variant;       // "v8", "v7"; of amd64 "v3" (its micro-architecture level), or empty

    // From "linux/arm/v7", "arm64" or "linux"; normalised as containerd does (aarch64 is arm64, arm
    // is arm/v7).  EINVAL: not of that form.
    static Result<Platform> parse(std::string_view text);
    // This machine's, with the variant read from the processor.
    static Platform host();
    String text() const;  // "linux/arm/v7"

    // Replaces other spellings by the usual ones; called by parse() and Config::parse().
    void normalise();
    // How well an image made for `image` runs where this platform is wanted: 0 is made for it,
    // larger is worse (an older arm), -1 not at all.  Both are normalised.
    int distance(const Platform& image) const;
};

// A single manifest says by its configuration alone what it is for.  Asked for explicitly, another
// platform is an error (ENOENT); otherwise it may be what the user wants (it may run by emulation),
// who is told.
Result<void> check_platform(const Platform& wanted, bool explicitly, const Platform& found);

inline constexpr size_t kMaxConfig = 4 << 20;         // bytes of a config.json
inline constexpr size_t kMaxLayers = 500;             // of an image
inline constexpr size_t kMaxHistory = 10'000;         // steps
inline constexpr size_t kMaxExecutionItems = 10'000;  // of a list of strings in the configuration

// docker's HEALTHCHECK.  Times are nanoseconds; 0 is the default, 30 s (start interval: 5 s).
struct Healthcheck {
    Vector<String> test;  // {"NONE"}, {"CMD", word...} or {"CMD-SHELL", line}
    int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;
    int retries = 0;  // 0: 3
};
std::span<const json::Field> fields_of(const Healthcheck*);

// The "config" member: how to run what is in the image.  Maps are kept as lists, in order.
struct Execution {
    String user;
    Vector<String> env;
    Vector<String> entrypoint;
    Vector<String> cmd;
    String working_directory;
    json::KeySet volumes;        // mount points
    json::KeySet exposed_ports;  // "80/tcp"
    json::Map labels;
    String stop_signal;
    std::optional<Healthcheck> healthcheck;
};
// Its JSON form, with docker's names ("Entrypoint").
std::span<const json::Field> fields_of(const Execution*);

// A step of how the image was made.
struct History {
    String created, created_by, author, comment;  // the first is RFC 3339
    bool empty_layer = false;                     // it made no layer
};
std::span<const json::Field> fields_of(const History*);
// The steps in config.json, oldest first.  EBADMSG, E2BIG.
Result<Vector<History>> parse_history(String text);

struct Config {
    Config();
    Config(Config&&) noexcept;
    Config& operator=(Config&&) noexcept;
    ~Config();

    Platform platform;
    String created;  // RFC 3339
    String author;
    Execution execution;
    Vector<Digest> diff_ids;  // bottom layer first

    // Reads config.json (OCI image-spec, config.md).  EBADMSG names the member that is wrong; E2BIG
    // what there is too much of.
    static Result<Config> parse(String text);
};

}  // namespace kist::image
