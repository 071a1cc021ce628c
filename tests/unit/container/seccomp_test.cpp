// seccomp_test.cpp - the default filter and the filter of tier `single`: every number of every ABI
// in a simulated machine, and some calls on the real kernel in forked children.

#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/fs.h"
#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"
#include "bpf_machine.h"
#include "check.h"
#include "container/seccomp_policy.h"
#include "seccomp_expected.h"

namespace kist::container {

namespace {

constexpr Machine kMachines[] = {Machine::amd64, Machine::arm64};
constexpr uint32_t kEperm = fail_with(EPERM);
constexpr uint32_t kEnosys = fail_with(ENOSYS);
constexpr uint32_t kPretended = fail_with(0);

uint32_t ask(const SeccompFilter& filter, const Abi& abi, uint32_t number,
             std::initializer_list<uint64_t> arguments = {})
{
    seccomp_data data = {.nr = int(number), .arch = abi.architecture};
    std::copy(arguments.begin(), arguments.end(), data.args);
    return test::run_filter(filter, data);
}

uint32_t number_by_name(const Abi& abi, const char* name)
{
    static const CallNames names;
    int call = names.find(name);
    EXPECT_GE(call, 0) << name;
    int slot = slot_of(abi, size_t(call));
    EXPECT_GE(slot, 0) << name << " on " << abi.name;
    return number_of(abi, slot);
}

const Abi& abi_named(const char* name)
{
    for (Machine machine : kMachines)
        for (const Abi& abi : abis_of(machine))
            if (std::string_view(abi.name) == name)
                return abi;
    abort();
}

// Numbers that calls might have, seen from seccomp: all slots and what lies around them.
Vector<uint32_t> all_numbers(const Abi& abi)
{
    Vector<uint32_t> numbers;
    for (int slot = 0; slot < kSlots; slot++)
        numbers.push_back(number_of(abi, slot));
    for (uint32_t number : {601u, 4096u, 0xeffffu, 0xf0008u, 0x3fffffffu})
        numbers.push_back(abi.base + number);
    return numbers;
}

// "3-5 7" of the numbers that `filter` allows with all arguments zero.
String allowed_numbers(const SeccompFilter& filter, const Abi& abi)
{
    String text;
    int first = -1;
    for (int slot = 0; slot <= kSlots; slot++) {
        bool allowed = slot < kSlots && ask(filter, abi, number_of(abi, slot)) == kAllow;
        if (allowed && first < 0)
            first = slot;
        if (allowed || first < 0)
            continue;
        text += (text.empty() ? "" : " ") + kist::test::to_text(first);
        if (slot - 1 > first)
            text += "-" + kist::test::to_text(slot - 1);
        first = -1;
    }
    return text;
}

TEST(DefaultFilter, AllowsTheRecordedCalls)
{
    for (const Expected& row : kExpected) {
        const Abi& abi = abi_named(row.abi);
        Machine machine =
            abi.architecture == AUDIT_ARCH_AARCH64 || abi.architecture == AUDIT_ARCH_ARM
                ? Machine::arm64
                : Machine::amd64;
        auto filter = MUST(default_filter(default_capabilities(), machine));
        EXPECT_EQ(allowed_numbers(filter, abi), row.allowed) << abi.name;
    }
}

TEST(DefaultFilter, IsShortAndShallow)
{
    for (Machine machine : kMachines) {
        auto filter = MUST(default_filter(default_capabilities(), machine));
        EXPECT_LT(filter.size(), 500u);
        for (const Abi& abi : abis_of(machine))
            for (uint32_t number : all_numbers(abi)) {
                seccomp_data data = {.nr = int(number), .arch = abi.architecture};
                size_t steps = 0;
                uint32_t action = test::run_filter(filter, data, &steps);
                EXPECT_NE(action, 0xdead0000);
                EXPECT_LT(steps, 26u) << abi.name << " " << number;
            }
    }
}

TEST(DefaultFilter, KillsOtherArchitectures)
{
    auto filter = MUST(default_filter(default_capabilities(), Machine::amd64));
    Abi foreign = abis_of(Machine::amd64)[0];
    foreign.architecture = AUDIT_ARCH_PPC64LE;
    EXPECT_EQ(ask(filter, foreign, 0), SECCOMP_RET_KILL_THREAD);
}

TEST(DefaultFilter, SaysThatNewerCallsDoNotExist)
{
    for (Machine machine : kMachines) {
        auto filter = MUST(default_filter(default_capabilities(), machine));
        for (const Abi& abi : abis_of(machine)) {
            EXPECT_EQ(ask(filter, abi, abi.base + 466), kAllow) << abi.name;
            EXPECT_EQ(ask(filter, abi, abi.base + 467), kEnosys) << abi.name;
            EXPECT_EQ(ask(filter, abi, abi.base + 511), kEnosys) << abi.name;
            EXPECT_EQ(ask(filter, abi, number_by_name(abi, "clone3")), kEnosys) << abi.name;
            EXPECT_EQ(ask(filter, abi, number_by_name(abi, "keyctl")), kEperm) << abi.name;
        }
    }
}

TEST(DefaultFilter, LooksAtArguments)
{
    const struct {
        const char* call;
        uint64_t argument;
        uint32_t wide, narrow;
    } kCases[] = {
        {"socket", 1, kAllow, kAllow},
        {"socket", 37, kAllow, kAllow},
        {"socket", 38, kEperm, kEperm},
        {"socket", 39, kAllow, kAllow},
        {"socket", 40, kEperm, kEperm},
        {"socket", 41, kAllow, kAllow},
        {"socket", 0x1'0000'0026, kAllow, kEperm},
        {"personality", 0, kAllow, kAllow},
        {"personality", 8, kAllow, kAllow},
        {"personality", 0x20008, kAllow, kAllow},
        {"personality", 0x40000, kEperm, kEperm},  // ADDR_NO_RANDOMIZE
        {"personality", 0xffffffff, kAllow, kAllow},
        {"personality", ~0ull, kEperm, kAllow},
        {"clone", SIGCHLD, kAllow, kAllow},
        {"clone", CLONE_NEWUSER | SIGCHLD, kEperm, kEperm},
        {"clone", CLONE_NEWNET, kEperm, kEperm},
        {"clone", CLONE_NEWCGROUP, kEperm, kEperm},
        {"clone", CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, kAllow, kAllow},
    };
    for (Machine machine : kMachines) {
        auto filter = MUST(default_filter(default_capabilities(), machine));
        for (const Abi& abi : abis_of(machine))
            for (auto& row : kCases)
                EXPECT_EQ(ask(filter, abi, number_by_name(abi, row.call), {row.argument}),
                          abi.wide ? row.wide : row.narrow)
                    << abi.name << " " << row.call << " " << row.argument;
    }
}

// moby's default.json, read rule by rule, without any code of ours but the names and numbers.
class Moby {
public:
    explicit Moby(json::Document document) : document_(std::move(document))
    {
        for (const json::Node& rule : document_.root().member("syscalls").take().elements().take())
            for (const json::Node& name : rule.member("names").take().elements().take())
                rules_[name.text().take()].push_back(rule);
    }

    std::optional<uint32_t> answer(const String& call, Capabilities set, Machine machine, bool wide,
                                   uint64_t argument) const
    {
        std::optional<uint32_t> found;
        auto rules = rules_.find(call);
        if (rules == rules_.end())
            return found;
        for (const json::Node& rule : rules->second) {
            if (!counts(rule, set, machine == Machine::amd64 ? "amd64" : "arm64") ||
                !matches(rule, wide ? argument : uint32_t(argument)))
                continue;
            bool allow = rule.member("action").take().text().take() == "SCMP_ACT_ALLOW";
            found = allow ? kAllow
                          : fail_with(unsigned(rule.member("errnoRet").take().integer().take()));
            if (allow)
                return found;
        }
        return found;
    }
    bool mentions(const String& call) const { return rules_.count(call) != 0; }

private:
    static bool lists(const std::optional<json::Node>& node, const char* key,
                      const std::function<bool(const String&)>& has)
    {
        auto list = node ? node->find(key) : std::nullopt;
        if (list)
            for (const json::Node& each : list->elements().take())
                if (has(each.text().take()))
                    return true;
        return false;
    }
    static bool counts(const json::Node& rule, Capabilities set, const char* native)
    {
        auto had = [&](const String& name) { return set.has(capability_number(name).take()); };
        auto is_native = [&](const String& name) { return name == native; };
        auto includes = rule.find("includes");
        auto excludes = rule.find("excludes");
        if (lists(excludes, "caps", had) || lists(excludes, "arches", is_native))
            return false;
        if (includes && includes->has("caps") && !lists(includes, "caps", had))
            return false;
        return !includes || !includes->has("arches") || lists(includes, "arches", is_native);
    }
    static bool matches(const json::Node& rule, uint64_t argument)
    {
        auto args = rule.find("args");
        if (!args)
            return true;
        json::Node test = args->elements().take().front();
        uint64_t value = test.member("value").take().natural().take();
        String op = test.member("op").take().text().take();
        if (test.member("index").take().integer().take() != 0)
            return false;
        return op == "SCMP_CMP_EQ"          ? argument == value
               : op == "SCMP_CMP_LT"        ? argument < value
               : op == "SCMP_CMP_GT"        ? argument > value
               : op == "SCMP_CMP_MASKED_EQ" ? (argument & value) == 0
                                            : (ADD_FAILURE() << op, false);
    }

    json::Document document_;
    std::map<String, Vector<json::Node>> rules_;
};

void compare_with_moby(const Moby& moby, const SeccompFilter& filter, Machine machine,
                       Capabilities set)
{
    const uint64_t kArguments[] = {
        0,       8,       37,         38,         39,    40,  41,         0x10,
        0x20000, 0x20008, 0x7e020000, 0x10000000, ~0ull, ~0u, 1ull << 32, (1ull << 32) + 38};
    CallNames names;
    for (const Abi& abi : abis_of(machine)) {
        Vector<Vector<String>> by_slot(kSlots);
        int newest = 0;
        for (size_t call = 0; call < call_count(); call++)
            if (int slot = slot_of(abi, call); slot != kNoCall) {
                by_slot[size_t(slot)].push_back(names.name(call));
                if (moby.mentions(names.name(call)) && slot <= kNewestSlot)
                    newest = std::max(newest, slot);
            }
        for (int slot = 0; slot < kSlots; slot++)
            for (uint64_t argument : kArguments) {
                // Only these look at arguments; the others need one look.
                const auto& called = by_slot[size_t(slot)];
                if (argument != kArguments[0] && !called.empty() && called[0] != "socket" &&
                    called[0] != "personality" && called[0] != "clone")
                    break;
                std::optional<uint32_t> wanted;
                for (const String& name : by_slot[size_t(slot)])
                    if (auto answer = moby.answer(name, set, machine, abi.wide, argument))
                        wanted = answer;
                bool known = slot <= newest;
                for (const String& name : by_slot[size_t(slot)])
                    known |= moby.mentions(name);
                ASSERT_EQ(ask(filter, abi, number_of(abi, slot), {argument}),
                          wanted.value_or(known ? kEperm : kEnosys))
                    << abi.name << " " << slot << " "
                    << (by_slot[size_t(slot)].empty() ? "-" : by_slot[size_t(slot)][0]) << " "
                    << argument;
            }
    }
}

TEST(DefaultFilter, AgreesWithMobyCallByCall)
{
    const char* path = getenv("KIST_MOBY_SECCOMP");
    if (!path)
        GTEST_SKIP() << "KIST_MOBY_SECCOMP does not name moby's default.json";
    String text = MUST(fs::read_path(path));
    Moby moby(MUST(json::Document::parse(text)));

    Vector<Capabilities> sets = {{}, default_capabilities(), {~uint64_t{0} >> 23}};
    for (int number = 0; number <= CAP_CHECKPOINT_RESTORE; number++)
        sets.push_back({uint64_t{1} << number});
    for (Machine machine : kMachines)
        for (Capabilities set : sets) {
            compare_with_moby(moby, MUST(default_filter(set, machine)), machine, set);
            compare_with_moby(moby, MUST(profile_filter(text, set, machine)), machine, set);
        }
}

TEST(SingleIdFilter, PretendsForOtherIdsOnly)
{
    const struct {
        const char* call;
        std::initializer_list<uint64_t> arguments;
        uint32_t action;
    } kCases[] = {
        {"fchown", {3, 33, 33}, kAllow},
        {"fchown", {3, 33, 0xffffffff}, kAllow},
        {"fchown", {3, 0xffffffff, 0xffffffff}, kAllow},
        {"fchown", {3, 0, 33}, kPretended},
        {"fchown", {3, 33, 0}, kPretended},
        {"fchownat", {3, 0, 33, 33, 0}, kAllow},
        {"fchownat", {3, 0, 33, 34, 0}, kPretended},
        {"setuid", {33}, kAllow},
        {"setuid", {0}, kPretended},
        {"setgid", {33}, kAllow},
        {"setgid", {1}, kPretended},
        {"setresuid", {33, 33, 33}, kAllow},
        {"setresuid", {0xffffffff, 33, 0xffffffff}, kAllow},
        {"setresuid", {33, 33, 1}, kPretended},
        {"setresgid", {33, 1, 33}, kPretended},
        {"setreuid", {33, 1}, kPretended},
        {"setfsuid", {1}, kPretended},
        {"setgroups", {0, 0}, kPretended},
        {"mknodat", {3, 0, S_IFCHR | 0600, 0}, kPretended},
        {"mknodat", {3, 0, S_IFBLK | 0600, 0}, kAllow},
        {"mknodat", {3, 0, S_IFIFO | 0600, 0}, kAllow},
        {"mknodat", {3, 0, S_IFREG | 0600, 0}, kAllow},
        {"mknodat", {3, 0, S_IFSOCK | 0600, 0}, kAllow},
        {"mknodat", {3, 0, 0600, 0}, kAllow},
        {"openat", {0, 0, 0}, kAllow},
        {"getuid", {}, kAllow},
    };
    for (Machine machine : kMachines) {
        auto filter = MUST(single_id_filter(33, 33, machine));
        auto both = MUST(default_single_filter(default_capabilities(), 33, 33, machine));
        for (const Abi& abi : abis_of(machine)) {
            for (auto& row : kCases) {
                uint32_t number = number_by_name(abi, row.call);
                EXPECT_EQ(ask(filter, abi, number, row.arguments), row.action)
                    << abi.name << " " << row.call;
                EXPECT_EQ(ask(both, abi, number, row.arguments), row.action)
                    << abi.name << " " << row.call;
            }
            EXPECT_EQ(ask(both, abi, number_by_name(abi, "keyctl")), kEperm);
            EXPECT_EQ(ask(filter, abi, number_by_name(abi, "keyctl")), kAllow);
        }
    }
}

TEST(SingleIdFilter, KnowsTheOldAndTheNewCallsOfSmallMachines)
{
    for (const char* name : {"SCMP_ARCH_X86", "SCMP_ARCH_ARM"}) {
        const Abi& abi = abi_named(name);
        Machine machine = abi.architecture == AUDIT_ARCH_I386 ? Machine::amd64 : Machine::arm64;
        auto filter = MUST(single_id_filter(100000, 100000, machine));
        EXPECT_EQ(ask(filter, abi, number_by_name(abi, "chown32"), {0, 100000, ~0u}), kAllow);
        EXPECT_EQ(ask(filter, abi, number_by_name(abi, "chown32"), {0, 0xffff, ~0u}), kPretended);
        EXPECT_EQ(ask(filter, abi, number_by_name(abi, "chown"), {0, 0xffff, 0xffff}), kAllow);
        EXPECT_EQ(ask(filter, abi, number_by_name(abi, "chown"), {0, 0, 0xffff}), kPretended);
        EXPECT_EQ(ask(filter, abi, number_by_name(abi, "setgroups32"), {}), kPretended);
    }
}

}  // namespace
}  // namespace kist::container
