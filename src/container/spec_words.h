// spec_words.h - docker's small languages inside of flags: volumes, mounts, devices, limits.
//
// Each function reads one flag's text; EINVAL says what is wrong with it and what the flag takes.

#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/spec.h"

namespace kist::container {

// --volume [SOURCE:]TARGET[:OPTIONS]
Result<Mount> parse_volume(std::string_view text);
// --mount type=bind|volume|tmpfs,source=...,target=...,readonly
Result<Mount> parse_mount(std::string_view text);
// --tmpfs TARGET[:OPTIONS]
Result<Mount> parse_tmpfs(std::string_view text);
// --device SOURCE[:TARGET[:rwm]]
Result<Device> parse_device(std::string_view text);
// --ulimit NAME=SOFT[:HARD]
Result<Ulimit> parse_ulimit(std::string_view text);
// NAME=VALUE, both parts; `flag` is for the error.
Result<std::pair<String, String>> parse_pair(std::string_view text, const char* flag);

// The lines of an --env-file or --label-file: no blank ones, no comments (#).
Result<Vector<String>> read_lines_of(const String& path);

// A signal's number: "SIGTERM", "term", "15", "RTMIN+3".
Result<int> parse_signal(std::string_view text);

}  // namespace kist::container
