// seccomp_words.h - the words of a seccomp profile (OCI runtime spec, config-linux.md): actions,
// tests, conditions.

#pragma once

#include <string_view>

#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/bpf.h"
#include "container/capabilities.h"

namespace kist::container {

// The member `name` as words; none when it is missing or null.
Result<Vector<String>> words_of(const json::Node& node, const char* name);

// The member `action` ("SCMP_ACT_ERRNO") with the code in the member `code` (missing: EPERM), as
// SECCOMP_RET_*.  ENOTSUP for SCMP_ACT_NOTIFY, which needs an agent.
Result<uint32_t> action_of(const json::Node& node, const char* action, const char* code);

// The tests in the member "args"; E2BIG past kMaxTests.
Result<Vector<bpf::Test>> tests_of(const json::Node& rule);

// Whether a rule's "includes" and "excludes" let it count here.  `native` is docker's word for the
// machine ("amd64").
Result<bool> applies(const json::Node& rule, Capabilities bounding, std::string_view native);

}  // namespace kist::container
