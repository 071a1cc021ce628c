// seccomp_table.h - the system calls there are: syscalls.tbl as the filters read it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/vector.h"
#include "container/seccomp.h"

namespace kist::container {

// What the default profile says about a call.
enum class CallRule : uint8_t {
    deny,
    allow,
    on_amd64,  // allowed when that is the machine, for its 32-bit calls too
    on_arm64,
    clone,  // these four depend on an argument, see seccomp.cpp
    clone3,
    personality,
    socket,
    with_dac_read_search,  // the others are allowed with a capability
    with_sys_admin,
    with_sys_admin_or_bpf,
    with_sys_admin_or_perfmon,
    with_sys_admin_or_syslog,
    with_sys_boot,
    with_sys_chroot,
    with_sys_module,
    with_sys_nice,
    with_sys_pacct,
    with_sys_ptrace,
    with_sys_rawio,
    with_sys_time,
    with_sys_tty_config,
};

// One way of making system calls.  x32 shares x86_64's architecture and sets a bit in the number.
struct Abi {
    const char* name;        // as profiles write it: "SCMP_ARCH_X86_64"
    uint32_t architecture;   // seccomp_data.arch, AUDIT_ARCH_*
    uint32_t base;           // added to the numbers
    bool wide;               // arguments are 64 bits
    const int16_t* numbers;  // by index of the call, see number_of()
};

// The ABIs of a machine, the native one first; empty when this build has no table of it.
std::span<const Abi> abis_of(Machine machine);

size_t call_count();
CallRule rule_of(size_t call);

// Slots order numbers so that small arrays can hold them: calls of the common range are
// their own slot, the private calls of 32-bit arm (0xf0001...) come after it.
constexpr int kNoCall = -1;
constexpr int kPrivateSlot = 600;  // the greatest common number is 547
constexpr int kSlots = 608;
constexpr uint32_t kPrivateBase = 0xf0000;
// The slot of a call, or kNoCall where this ABI has none.
inline int slot_of(const Abi& abi, size_t call)
{
    return abi.numbers[call];
}
// The number that seccomp sees for a slot.
inline uint32_t number_of(const Abi& abi, int slot)
{
    uint32_t number = uint32_t(slot);
    return abi.base + (slot < kPrivateSlot ? number : number - kPrivateSlot + kPrivateBase);
}

// Finds calls by name.
class CallNames {
public:
    CallNames();
    // The index of a call, or kNoCall.
    int find(std::string_view name) const;
    const char* name(size_t call) const { return names_[call]; }

private:
    Vector<const char*> names_;
};

}  // namespace kist::container
