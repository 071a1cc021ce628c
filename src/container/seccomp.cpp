// seccomp.cpp - the default filter, the filter of tier `single`, and installing a filter.

#include "container/seccomp.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/seccomp_policy.h"

namespace kist::container {

namespace {

using bpf::Compare;
using bpf::Test;
using bpf::Verdict;

// Calls that one of two capabilities allows.
struct Condition {
    CallRule rule;
    int8_t capability;
    int8_t other;
};

// clang-format off
constexpr Condition kConditions[] = {
    {CallRule::with_dac_read_search,      CAP_DAC_READ_SEARCH, CAP_DAC_READ_SEARCH},
    {CallRule::with_sys_admin,            CAP_SYS_ADMIN,       CAP_SYS_ADMIN},
    {CallRule::with_sys_admin_or_bpf,     CAP_SYS_ADMIN,       CAP_BPF},
    {CallRule::with_sys_admin_or_perfmon, CAP_SYS_ADMIN,       CAP_PERFMON},
    {CallRule::with_sys_admin_or_syslog,  CAP_SYS_ADMIN,       CAP_SYSLOG},
    {CallRule::with_sys_boot,             CAP_SYS_BOOT,        CAP_SYS_BOOT},
    {CallRule::with_sys_chroot,           CAP_SYS_CHROOT,      CAP_SYS_CHROOT},
    {CallRule::with_sys_module,           CAP_SYS_MODULE,      CAP_SYS_MODULE},
    {CallRule::with_sys_nice,             CAP_SYS_NICE,        CAP_SYS_NICE},
    {CallRule::with_sys_pacct,            CAP_SYS_PACCT,       CAP_SYS_PACCT},
    {CallRule::with_sys_ptrace,           CAP_SYS_PTRACE,      CAP_SYS_PTRACE},
    {CallRule::with_sys_rawio,            CAP_SYS_RAWIO,       CAP_SYS_RAWIO},
    {CallRule::with_sys_time,             CAP_SYS_TIME,        CAP_SYS_TIME},
    {CallRule::with_sys_tty_config,       CAP_SYS_TTY_CONFIG,  CAP_SYS_TTY_CONFIG},
};
// clang-format on

enum : uint16_t { kDenied, kNewer, kAllowed, kFirstChecked };

// What an argument may be: any of the tests of its call.
struct Check {
    CallRule rule;
    Compare compare;
    uint64_t value;
};

constexpr uint64_t kNamespaces = 0x7E020000;  // the CLONE_NEW* bits of clone's flags

// In the order of the verdicts.  Of socket's families all but AF_ALG (38), where kernels were
// attacked, and AF_VSOCK (40), which knows no network namespace.  Of personalities PER_LINUX and
// PER_LINUX32, both with UNAME26, and the question what it is.
// clang-format off
constexpr Check kChecks[] = {
    {CallRule::clone,       Compare::masked,  0},
    {CallRule::personality, Compare::equal,   0},
    {CallRule::personality, Compare::equal,   0x8},
    {CallRule::personality, Compare::equal,   0x20000},
    {CallRule::personality, Compare::equal,   0x20008},
    {CallRule::personality, Compare::equal,   0xffffffff},
    {CallRule::socket,      Compare::less,    38},
    {CallRule::socket,      Compare::equal,   39},
    {CallRule::socket,      Compare::greater, 40},
};
// clang-format on

// The three verdicts that look at an argument, in the order of checked_rule().
void add_checked(bpf::Program& program, bool wide)
{
    const CallRule* last = nullptr;
    for (const Check& check : kChecks) {
        if (!last || *last != check.rule)
            program.verdicts.push_back({fail_with(EPERM), wide, {}});
        last = &check.rule;
        bpf::Rule& rule = program.verdicts.back().rules.emplace_back();
        rule.action = kAllow;
        uint64_t mask = check.compare == Compare::masked ? kNamespaces : ~uint64_t{0};
        rule.all_of.push_back({0, check.compare, check.value, mask});
    }
}

uint16_t checked_rule(CallRule rule, bool wide)
{
    int index = rule == CallRule::clone ? 0 : rule == CallRule::personality ? 1 : 2;
    return uint16_t(kFirstChecked + index + (wide ? 0 : 3));
}

uint16_t verdict_of(CallRule rule, Capabilities bounding, Machine machine, bool wide)
{
    switch (rule) {
        case CallRule::deny: return kDenied;
        case CallRule::allow: return kAllowed;
        case CallRule::on_amd64: return machine == Machine::amd64 ? kAllowed : kDenied;
        case CallRule::on_arm64: return machine == Machine::arm64 ? kAllowed : kDenied;
        case CallRule::clone3:
            // Its flags are in memory, where a filter cannot look: libraries fall back to clone.
            return bounding.has(CAP_SYS_ADMIN) ? kAllowed : kNewer;
        case CallRule::clone:
            if (bounding.has(CAP_SYS_ADMIN))
                return kAllowed;
            [[fallthrough]];
        case CallRule::personality:
        case CallRule::socket: return checked_rule(rule, wide);
        default: break;
    }
    for (const Condition& condition : kConditions)
        if (condition.rule == rule)
            return bounding.has(condition.capability) || bounding.has(condition.other) ? kAllowed
                                                                                       : kDenied;
    return kDenied;
}

// The newest call that the profile says anything about: what is newer does not exist for it.
int newest_known(const Abi& abi)
{
    int newest = 0;
    for (size_t call = 0; call < call_count(); call++) {
        int slot = slot_of(abi, call);
        if (rule_of(call) != CallRule::deny && slot <= kNewestSlot && slot > newest)
            newest = slot;
    }
    return newest;
}

// Tier `single`: which arguments of a call are user ids and group ids, as bits.
struct IdCall {
    const char* name;
    uint8_t users;
    uint8_t groups;
};

// clang-format off
constexpr IdCall kIdCalls[] = {
    {"chown",     0b00010, 0b00100},
    {"fchown",    0b00010, 0b00100},
    {"fchownat",  0b00100, 0b01000},
    {"lchown",    0b00010, 0b00100},
    {"setfsgid",  0,       0b00001},
    {"setfsuid",  0b00001, 0},
    {"setgid",    0,       0b00001},
    {"setregid",  0,       0b00011},
    {"setresgid", 0,       0b00111},
    {"setresuid", 0b00111, 0},
    {"setreuid",  0b00011, 0},
    {"setuid",    0b00001, 0},
};
// clang-format on

// Success, without the call having been made.
constexpr uint32_t kPretend = fail_with(0);

// Adds "this argument is another id than `id`, and not -1 (leave it)".  `old` is a call of the
// time when ids had 16 bits.
void pretend_for_others(Verdict& verdict, uint8_t arguments, uint32_t id, bool old)
{
    for (uint8_t argument = 0; arguments >> argument; argument++) {
        if (!(arguments >> argument & 1))
            continue;
        bpf::Rule rule = {
            {{argument, Compare::not_equal, id}, {argument, Compare::not_equal, 0xffffffff}},
            kPretend};
        if (old)
            rule.all_of.push_back({argument, Compare::not_equal, 0xffff});
        verdict.rules.push_back(std::move(rule));
    }
}

// Character nodes only: packages make those they could as well find in /dev, but who makes a block
// node wants the disk behind it, and is to see that this fails.
Verdict pretend_for_devices(uint8_t mode_argument)
{
    return {kAllow, false, {{{{mode_argument, Compare::masked, S_IFCHR, S_IFMT}}, kPretend}}};
}

// Puts the verdicts of tier `single` over those of allowed calls.
class SingleIds {
public:
    SingleIds(uid_t uid, gid_t gid) : uid_(uid), gid_(gid) {}
    void cover(bpf::Program& program, const Abi& abi, Slots& slots);

private:
    uint16_t id_verdict(bpf::Program& program, const IdCall& row, bool old);
    void set(const Abi& abi, Slots& slots, const String& name, uint16_t verdict) const
    {
        int call = names_.find(name);
        int slot = call == kNoCall ? kNoCall : slot_of(abi, size_t(call));
        if (slot != kNoCall)
            slots[size_t(slot)] = verdict;
    }

    // Rows with the same arguments share a verdict, and with it the code.
    struct Made {
        uint8_t users, groups;
        bool old;
        uint16_t verdict;
    };
    uid_t uid_;
    gid_t gid_;
    CallNames names_;
    Vector<Made> made_;
    uint16_t first_ = 0;  // of three fixed verdicts
};

uint16_t SingleIds::id_verdict(bpf::Program& program, const IdCall& row, bool old)
{
    for (const Made& made : made_)
        if (made.users == row.users && made.groups == row.groups && made.old == old)
            return made.verdict;
    Verdict verdict = {kAllow, false, {}};
    pretend_for_others(verdict, row.users, uid_, old);
    pretend_for_others(verdict, row.groups, gid_, old);
    program.verdicts.push_back(std::move(verdict));
    made_.push_back({row.users, row.groups, old, uint16_t(program.verdicts.size() - 1)});
    return made_.back().verdict;
}

void SingleIds::cover(bpf::Program& program, const Abi& abi, Slots& slots)
{
    if (first_ == 0) {
        first_ = uint16_t(program.verdicts.size());
        program.verdicts.push_back({kPretend, false, {}});
        program.verdicts.push_back(pretend_for_devices(1));
        program.verdicts.push_back(pretend_for_devices(2));
    }
    bool small = !abi.wide && abi.base == 0;
    for (const IdCall& row : kIdCalls) {
        // On 32-bit machines the plain name is the old call, and "chown32" has the full ids.
        String full = str::format("%s32", row.name);
        bool has_both = small && names_.find(full) != kNoCall;
        set(abi, slots, full, id_verdict(program, row, false));
        set(abi, slots, row.name, id_verdict(program, row, has_both));
    }
    set(abi, slots, "setgroups", first_);
    set(abi, slots, "setgroups32", first_);
    set(abi, slots, "mknod", uint16_t(first_ + 1));
    set(abi, slots, "mknodat", uint16_t(first_ + 2));
}

Result<SeccompFilter> build_default(Capabilities bounding, Machine machine, SingleIds* ids)
{
    bpf::Program program;
    program.foreign = SECCOMP_RET_KILL_THREAD;
    for (uint32_t action : {fail_with(EPERM), fail_with(ENOSYS), uint32_t(kAllow)})
        program.verdicts.push_back({action, true, {}});
    add_checked(program, true);
    add_checked(program, false);

    for (const Abi& abi : abis_of(machine)) {
        Slots slots = fill_slots(newest_known(abi), kDenied, kNewer);
        for (size_t call = 0; call < call_count(); call++) {
            int slot = slot_of(abi, call);
            CallRule rule = rule_of(call);
            if (slot != kNoCall && rule != CallRule::deny)
                slots[size_t(slot)] = verdict_of(rule, bounding, machine, abi.wide);
        }
        // All of the calls that it is about are allowed by the profile.
        if (ids)
            ids->cover(program, abi, slots);
        add_calls(program, abi, slots);
    }
    if (program.sections.empty())
        return Error(ENOTSUP, "this build has no system call table for that processor");
    return bpf::assemble(program);
}

}  // namespace

Result<SeccompFilter> default_filter(Capabilities bounding, Machine machine)
{
    return build_default(bounding, machine, nullptr);
}

Result<SeccompFilter> default_single_filter(Capabilities bounding, uid_t uid, gid_t gid,
                                            Machine machine)
{
    SingleIds ids(uid, gid);
    return build_default(bounding, machine, &ids);
}

Result<SeccompFilter> single_id_filter(uid_t uid, gid_t gid, Machine machine)
{
    bpf::Program program;
    program.foreign = kAllow;
    program.verdicts.push_back({kAllow, false, {}});
    SingleIds ids(uid, gid);
    for (const Abi& abi : abis_of(machine)) {
        Slots slots = fill_slots(kSlots, 0, 0);
        ids.cover(program, abi, slots);
        add_calls(program, abi, slots);
    }
    if (program.sections.empty())
        return Error(ENOTSUP, "this build has no system call table for that processor");
    return bpf::assemble(program);
}

int raw_install_filter(std::span<const sock_filter> filter)
{
    if (filter.empty())
        return 0;
    sock_fprog program = {static_cast<unsigned short>(filter.size()),
                          const_cast<sock_filter*>(filter.data())};
    // SPEC_ALLOW: without it kernels before 5.16 slow the whole program down by switching off
    // speculative store bypass; docker does the same.
    long failed =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
    return failed < 0 ? errno : 0;
}

}  // namespace kist::container
