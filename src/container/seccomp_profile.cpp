// seccomp_profile.cpp - a profile of the user's own, as JSON.
//
// docker's format is the OCI one and more: rules can depend on capabilities, architecture and
// kernel ("includes", "excludes"), and "archMap" names the 32-bit architectures to allow along.
// What several rules about one call mean follows runc and libseccomp: a rule without arguments
// beats those with, the first one of them counts; of rules with arguments the first that matches
// counts; tests of one rule on the same argument are alternatives.
//
// On i386 the socket and System V IPC calls can also be made through socketcall and ipc, so a rule
// about one of them is a rule about that way too (without its arguments, which are in memory).

#include <optional>

#include "base/string.h"
#include "base/vector.h"
#include "container/seccomp_policy.h"
#include "container/seccomp_words.h"

namespace kist::container {

namespace {

constexpr size_t kMaxProfile = 1 << 20;  // bytes
constexpr size_t kMaxRules = 20'000;     // names in all rules together

// Calls that i386 can also make through a call for many.
struct Multiplexed {
    const char* name;
    uint8_t through;  // 0: socketcall, 1: ipc
    uint8_t number;   // its first argument
};

// clang-format off
constexpr Multiplexed kMultiplexed[] = {
    {"accept",      0,  5}, {"accept4",    0, 18}, {"bind",    0,  2}, {"connect",  0,  3},
    {"getpeername", 0,  7}, {"getsockname", 0, 6}, {"getsockopt", 0, 15}, {"listen", 0, 4},
    {"msgctl",      1, 14}, {"msgget",     1, 13}, {"msgrcv",  1, 12}, {"msgsnd",   1, 11},
    {"recv",        0, 10}, {"recvfrom",   0, 12}, {"recvmmsg", 0, 19}, {"recvmsg", 0, 17},
    {"semctl",      1,  3}, {"semget",     1,  2}, {"semop",   1,  1}, {"semtimedop", 1, 4},
    {"send",        0,  9}, {"sendmmsg",   0, 20}, {"sendmsg", 0, 16}, {"sendto",   0, 11},
    {"setsockopt",  0, 14}, {"shmat",      1, 21}, {"shmctl",  1, 24}, {"shmdt",    1, 22},
    {"shmget",      1, 23}, {"shutdown",   0, 13}, {"socket",  0,  1}, {"socketpair", 0, 8},
};
// clang-format on

constexpr const char* kFlags[] = {
    // What installing does anyway, ...
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
    // ... and what only matters for SCMP_ACT_NOTIFY.
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

class Compiler {
public:
    Compiler(const json::Node& profile, Capabilities bounding, Machine machine)
        : profile_(profile), bounding_(bounding), machine_(machine), calls_(call_count())
    {
    }

    Result<SeccompFilter> compile();

private:
    // What the profile says about one call.
    struct Call {
        std::optional<uint32_t> always;
        Vector<bpf::Rule> rules;
        bool named = false;
    };

    Result<void> read_rule(const json::Node& rule);
    Result<void> read_name(const json::Node& name, uint32_t action, const Vector<bpf::Test>& tests);
    Result<Vector<String>> architectures() const;
    uint16_t constant(uint32_t action);
    void set_call(const Abi& abi, Slots& slots, size_t index);
    void add_abi(const Abi& abi);

    const json::Node& profile_;
    Capabilities bounding_;
    Machine machine_;
    CallNames names_;
    Vector<Call> calls_;
    Vector<bpf::Rule> through_[2];  // what i386's socketcall and ipc get
    size_t rules_ = 0;
    uint32_t default_action_ = 0;
    bpf::Program program_;
};

void add_rules(Vector<bpf::Rule>& rules, uint32_t action, const Vector<bpf::Test>& tests)
{
    unsigned seen = 0;
    bool doubled = false;
    for (const bpf::Test& test : tests) {
        doubled |= (seen >> test.argument & 1) != 0;
        seen |= 1u << test.argument;
    }
    if (!doubled) {
        rules.push_back({tests, action});
        return;
    }
    for (const bpf::Test& test : tests)
        rules.push_back({{test}, action});
}

Result<void> Compiler::read_name(const json::Node& name, uint32_t action,
                                 const Vector<bpf::Test>& tests)
{
    if (++rules_ > kMaxRules)
        return Error(E2BIG, "%s: more than %zu names", name.path().c_str(), kMaxRules);
    String text = TRY(name.text());
    int index = names_.find(text);
    if (index == kNoCall)
        return {};  // of another architecture, or newer than this build
    Call& call = calls_[size_t(index)];
    call.named = true;
    if (action == default_action_)
        return {};
    if (!tests.empty())
        add_rules(call.rules, action, tests);
    else if (!call.always)
        call.always = action;
    for (const Multiplexed& row : kMultiplexed)
        if (text == row.name)
            through_[row.through].push_back({{{0, bpf::Compare::equal, row.number}}, action});
    return {};
}

Result<void> Compiler::read_rule(const json::Node& rule)
{
    bool wanted = TRY(applies(rule, bounding_, machine_ == Machine::amd64 ? "amd64" : "arm64"));
    uint32_t action = TRY(action_of(rule, "action", "errnoRet"));
    Vector<bpf::Test> tests = TRY(tests_of(rule));
    auto name = rule.find("name");
    auto names = rule.find("names");
    if (name && names)
        return Error(EINVAL, "%s: both \"name\" and \"names\" are given; use one of them",
                     rule.path().c_str());
    if (!wanted)
        return {};
    if (name)
        return read_name(*name, action, tests);
    if (names)
        for (const json::Node& each : TRY(names->elements()))
            TRY(read_name(each, action, tests));
    return {};
}

// The architectures to allow besides the native one.
Result<Vector<String>> Compiler::architectures() const
{
    Vector<String> plain = TRY(words_of(profile_, "architectures"));
    auto map = profile_.find("archMap");
    if (!map)
        return plain;
    Vector<json::Node> rows = TRY(map->elements());
    if (!plain.empty() && !rows.empty())
        return Error(EINVAL, "both \"architectures\" and \"archMap\" are given; use one of them");
    for (const json::Node& row : rows) {
        json::Node architecture = TRY(row.member("architecture"));
        String name = TRY(architecture.text());
        if (name == abis_of(machine_)[0].name)
            return words_of(row, "subArchitectures");
    }
    return plain;
}

uint16_t Compiler::constant(uint32_t action)
{
    for (size_t i = 0; i < program_.verdicts.size(); i++)
        if (program_.verdicts[i].rules.empty() && program_.verdicts[i].otherwise == action)
            return uint16_t(i);
    program_.verdicts.push_back({action, true, {}});
    return uint16_t(program_.verdicts.size() - 1);
}

void Compiler::set_call(const Abi& abi, Slots& slots, size_t index)
{
    int slot = slot_of(abi, index);
    if (slot == kNoCall)
        return;
    const Call& call = calls_[index];
    if (call.always) {
        slots[size_t(slot)] = constant(*call.always);
        return;
    }
    Vector<bpf::Rule> rules = call.rules;
    if (std::string_view(abi.name) == "SCMP_ARCH_X86") {
        std::string_view name = names_.name(index);
        if (name == "socketcall" || name == "ipc")
            for (const bpf::Rule& rule : through_[name == "ipc"])
                rules.push_back(rule);
    }
    if (rules.empty()) {
        if (call.named)
            slots[size_t(slot)] = constant(default_action_);
        return;
    }
    slots[size_t(slot)] = uint16_t(program_.verdicts.size());
    program_.verdicts.push_back({default_action_, abi.wide, std::move(rules)});
}

void Compiler::add_abi(const Abi& abi)
{
    int newest = 0;
    for (size_t i = 0; i < calls_.size(); i++)
        if (int slot = slot_of(abi, i); calls_[i].named && slot <= kNewestSlot && slot > newest)
            newest = slot;

    // What the profile's author cannot have known does not exist, unless the rest is let pass.
    uint32_t kind = default_action_ & SECCOMP_RET_ACTION_FULL;
    bool lets_pass =
        kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
    uint16_t known = constant(default_action_);
    uint16_t newer = lets_pass || newest == 0 ? known : constant(fail_with(ENOSYS));

    Slots slots = fill_slots(newest, known, newer);
    for (size_t i = 0; i < calls_.size(); i++)
        set_call(abi, slots, i);
    add_calls(program_, abi, slots);
}

Result<SeccompFilter> Compiler::compile()
{
    std::span<const Abi> abis = abis_of(machine_);
    if (abis.empty())
        return Error(ENOTSUP, "this build has no system call table for that processor");
    for (const String& flag : TRY(words_of(profile_, "flags"))) {
        bool known = false;
        for (const char* each : kFlags)
            known |= flag == each;
        if (!known)
            return Error(ENOTSUP, "the flag \"%s\" is not supported", flag.c_str())
                .with_hint("remove it from \"flags\"");
    }
    default_action_ = TRY(action_of(profile_, "defaultAction", "defaultErrnoRet"));
    if (auto rules = profile_.find("syscalls"))
        for (const json::Node& rule : TRY(rules->elements()))
            TRY(read_rule(rule));

    program_.foreign = SECCOMP_RET_KILL_THREAD;
    Vector<String> others = TRY(architectures());
    for (const Abi& abi : abis) {
        bool wanted = &abi == &abis[0];
        for (const String& other : others)
            wanted |= other == abi.name;
        if (wanted)
            add_abi(abi);
        else if (abi.base != 0)  // x32 shares a section with x86_64
            program_.sections.back().spans.push_back({abi.base, constant(program_.foreign)});
    }
    return bpf::assemble(program_);
}

}  // namespace

Result<SeccompFilter> profile_filter(const String& json, Capabilities bounding, Machine machine)
{
    if (json.size() > kMaxProfile)
        return Error(E2BIG, "the seccomp profile is larger than %zu bytes", kMaxProfile);
    json::Document document = TRY(json::Document::parse(json), "the seccomp profile");
    json::Node root = document.root();
    if (!root.is_object())
        return root.expected("an object").context("the seccomp profile");
    auto rules = root.find("syscalls");
    Vector<json::Node> listed;
    if (rules)
        listed = TRY(rules->elements(), "the seccomp profile");
    if (!root.has("defaultAction") && listed.empty())
        return SeccompFilter();
    Compiler compiler(root, bounding, machine);
    return TRY(compiler.compile(), "the seccomp profile");
}

}  // namespace kist::container
