// seccomp_policy.h - what the three filters of seccomp.h share: verdicts by slot, made into a
// program.

#pragma once

#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "container/bpf.h"
#include "container/seccomp_table.h"

namespace kist::container {

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t fail_with(unsigned code)
{
    return SECCOMP_RET_ERRNO | (code & SECCOMP_RET_DATA);
}

// The verdict (index into Program::verdicts) of every slot of an ABI.
using Slots = std::array<uint16_t, kSlots>;

// Slots past this one hold x32's own calls and arm's private ones: they are not newer.
constexpr int kNewestSlot = 511;

// `known` for slots up to `newest`, `newer` for those past it.
Slots fill_slots(int newest, uint16_t known, uint16_t newer);

// Adds the calls of `abi` to the section of its architecture, which is the last one or a new one.
void add_calls(bpf::Program& program, const Abi& abi, const Slots& slots);

}  // namespace kist::container
