// seccomp_table.cpp - syscalls.tbl as arrays.
//
// The rows are read once per column.  Names are one string, walked at run time: pointers to them
// would each cost a relocation.  The product carries the columns of its own machine only;
// KIST_SECCOMP_ALL_MACHINES (the unit tests) has both.

#include "container/seccomp_table.h"

#include <linux/audit.h>

namespace kist::container {

namespace {

#if defined(__x86_64__) || defined(KIST_SECCOMP_ALL_MACHINES)
#define KIST_HAS_AMD64 1
#endif
#if defined(__aarch64__) || defined(KIST_SECCOMP_ALL_MACHINES)
#define KIST_HAS_ARM64 1
#endif

constexpr int __ = kNoCall;
#define ARM(number) kPrivateSlot + number

#define CALL(name, rule, x86_64, i386, x32, arm64, arm) #name "\0"
constexpr char kNames[] =
#include "container/syscalls.tbl"
    ;
#undef CALL

#define CALL(name, rule, x86_64, i386, x32, arm64, arm) CallRule::rule,
constexpr CallRule kRules[] = {
#include "container/syscalls.tbl"
};
#undef CALL

constexpr size_t kCalls = sizeof kRules / sizeof *kRules;

#ifdef KIST_HAS_AMD64
#define CALL(name, rule, x86_64, i386, x32, arm64, arm) x86_64,
constexpr int16_t kX8664[] = {
#include "container/syscalls.tbl"
};
#undef CALL
#define CALL(name, rule, x86_64, i386, x32, arm64, arm) i386,
constexpr int16_t kI386[] = {
#include "container/syscalls.tbl"
};
#undef CALL
#define CALL(name, rule, x86_64, i386, x32, arm64, arm) x32,
constexpr int16_t kX32[] = {
#include "container/syscalls.tbl"
};
#undef CALL

constexpr Abi kAmd64[] = {
    {"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, 0, true, kX8664},
    {"SCMP_ARCH_X32", AUDIT_ARCH_X86_64, 0x40000000, false, kX32},
    {"SCMP_ARCH_X86", AUDIT_ARCH_I386, 0, false, kI386},
};
#endif

#ifdef KIST_HAS_ARM64
#define CALL(name, rule, x86_64, i386, x32, arm64, arm) arm64,
constexpr int16_t kArm64[] = {
#include "container/syscalls.tbl"
};
#undef CALL
#define CALL(name, rule, x86_64, i386, x32, arm64, arm) arm,
constexpr int16_t kArm[] = {
#include "container/syscalls.tbl"
};
#undef CALL

constexpr Abi kArm64Abis[] = {
    {"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0, true, kArm64},
    {"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, 0, false, kArm},
};
#endif

}  // namespace

std::span<const Abi> abis_of(Machine machine)
{
#ifdef KIST_HAS_AMD64
    if (machine == Machine::amd64)
        return kAmd64;
#endif
#ifdef KIST_HAS_ARM64
    if (machine == Machine::arm64)
        return kArm64Abis;
#endif
    return {};
}

size_t call_count()
{
    return kCalls;
}

CallRule rule_of(size_t call)
{
    return kRules[call];
}

CallNames::CallNames()
{
    names_.reserve(kCalls);
    for (const char* name = kNames; *name; name += std::string_view(name).size() + 1)
        names_.push_back(name);
}

int CallNames::find(std::string_view name) const
{
    size_t low = 0;
    size_t high = names_.size();
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = name.compare(names_[middle]);
        if (order == 0)
            return int(middle);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return kNoCall;
}

}  // namespace kist::container
