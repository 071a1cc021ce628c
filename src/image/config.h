// config.h - an image's configuration (OCI image-spec, config.md) and platforms.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/result.h"

namespace kist::image {

struct Platform {
    std::string os = "linux";
    std::string architecture;  // Go's names: "amd64", "arm64", "arm"
    std::string variant;       // "v8", "v7"; empty: any

    // From "linux/arm/v7", "arm64" or "linux"; normalised as containerd does (aarch64 is arm64).
    static Result<Platform> parse(std::string_view text);
    // This machine's, with the arm variant read from the processor.
    static Platform host();
    std::string text() const;
};

// The "config" member: how to run what is in the image.  Maps are kept as lists, in order.
struct Execution {
    std::string user;
    std::vector<std::string> env;
    std::vector<std::string> entrypoint;
    std::vector<std::string> cmd;
    std::string working_directory;
    std::vector<std::string> volumes;        // mount points
    std::vector<std::string> exposed_ports;  // "80/tcp"
    json::Map labels;
    std::string stop_signal;
};

struct Config {
    Platform platform;
    std::string created;  // RFC 3339
    std::string author;
    Execution execution;
    std::vector<Digest> diff_ids;  // bottom layer first

    // Reads config.json.  EBADMSG names the member that is wrong.
    static Result<Config> parse(std::string text);
};

}  // namespace kist::image
