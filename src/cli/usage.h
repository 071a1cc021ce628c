// usage.h - what a running container uses, read from its cgroup and from /proc.

#pragma once

#include <cstdint>
#include <optional>

#include "cli/listing.h"

namespace kist::cli {

struct UsageSample {
    int64_t when_us = 0;              // of a steady clock
    uint64_t processor_us = 0;        // time on processors since it began
    uint64_t memory = 0;              // bytes, without what the kernel could take back at once
    uint64_t memory_limit = 0;        // bytes; the machine's memory when there is no limit
    uint64_t received = 0, sent = 0;  // bytes through its own network interfaces
    uint64_t read = 0, written = 0;   // bytes from and to disks
    uint64_t tasks = 0;               // processes and threads
};

// Nothing when it does not run, or has no cgroup.
std::optional<UsageSample> sample_usage(const Listed& listed);

}  // namespace kist::cli
