// seccomp_profile_test.cpp - profiles of the user's own.

#include <linux/capability.h>

#include <algorithm>

#include "base/str.h"
#include "base/string.h"
#include "bpf_machine.h"
#include "check.h"
#include "container/seccomp_policy.h"

namespace kist::container {

namespace {

constexpr uint32_t kEperm = fail_with(EPERM);
constexpr uint32_t kEnosys = fail_with(ENOSYS);

const Abi& abi(size_t index)
{
    return abis_of(Machine::amd64)[index];
}

uint32_t ask(const SeccompFilter& filter, const Abi& way, const char* call,
             std::initializer_list<uint64_t> arguments = {})
{
    static const CallNames names;
    int index = names.find(call);
    EXPECT_GE(index, 0) << call;
    uint32_t number = number_of(way, slot_of(way, size_t(index)));
    seccomp_data data = {.nr = int(number), .arch = way.architecture};
    std::copy(arguments.begin(), arguments.end(), data.args);
    return test::run_filter(filter, data);
}

Result<SeccompFilter> read(const String& text, Capabilities set = default_capabilities())
{
    return profile_filter(text, set, Machine::amd64);
}

TEST(SeccompProfile, TakesDockersWords)
{
    auto filter = MUST(read(R"({
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                    {"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}],
        "syscalls": [
            {"names": ["read", "no_such_call"], "action": "SCMP_ACT_ALLOW", "args": null},
            {"name": "write", "action": "SCMP_ACT_ALLOW",
              "args": [], "comment": "", "includes": {}},
            {"names": ["mount"], "action": "SCMP_ACT_ALLOW",
              "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
             "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
            {"names": ["reboot"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}},
            {"names": ["sync"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}},
            {"names": ["stat"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm64"]}},
            {"names": ["tkill"], "action": "SCMP_ACT_KILL_PROCESS"},
            {"names": ["pause"], "action": "SCMP_ACT_TRACE", "errnoRet": 7},
            {"names": ["nice"], "action": "SCMP_ACT_LOG"},
            {"names": ["dup"], "action": "SCMP_ACT_TRAP"}
        ]})"));
    EXPECT_EQ(ask(filter, abi(0), "read"), kAllow);
    EXPECT_EQ(ask(filter, abi(2), "read"), kAllow);
    EXPECT_EQ(ask(filter, abi(1), "read"), SECCOMP_RET_KILL_THREAD);  // x32 is not asked for
    EXPECT_EQ(ask(filter, abi(0), "write"), kAllow);
    EXPECT_EQ(ask(filter, abi(0), "mount"), kEnosys);
    EXPECT_EQ(ask(filter, abi(0), "kill"), fail_with(13));
    EXPECT_EQ(ask(filter, abi(0), "ptrace"), kAllow);
    EXPECT_EQ(ask(filter, abi(0), "reboot"), kEnosys);
    EXPECT_EQ(ask(filter, abi(0), "sync"), kEnosys);
    EXPECT_EQ(ask(filter, abi(0), "stat"), kEnosys);
    EXPECT_EQ(ask(filter, abi(0), "tkill"), SECCOMP_RET_KILL_PROCESS);
    EXPECT_EQ(ask(filter, abi(0), "pause"), SECCOMP_RET_TRACE | 7);
    EXPECT_EQ(ask(filter, abi(2), "nice"), SECCOMP_RET_LOG);
    EXPECT_EQ(ask(filter, abi(0), "dup"), SECCOMP_RET_TRAP);

    Capabilities admin;
    admin.add(CAP_SYS_ADMIN);
    String mount = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["mount"], "action": "SCMP_ACT_ALLOW",
              "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})";
    EXPECT_EQ(ask(MUST(read(mount, admin)), abi(0), "mount"), kAllow);
}

TEST(SeccompProfile, ComparesArguments)
{
    const struct {
        const char* op;
        uint64_t value, value_two, argument;
        bool matches;
    } kCases[] = {
        {"SCMP_CMP_EQ", 5, 0, 5, true},
        {"SCMP_CMP_EQ", 5, 0, 0x1'0000'0005, false},
        {"SCMP_CMP_EQ", ~0ull, 0, ~0ull, true},
        {"SCMP_CMP_NE", 5, 0, 5, false},
        {"SCMP_CMP_NE", 5, 0, 0x1'0000'0005, true},
        {"SCMP_CMP_LT", 5, 0, 4, true},
        {"SCMP_CMP_LT", 5, 0, 5, false},
        {"SCMP_CMP_LT", 0x1'0000'0000, 0, 0xffff'ffff, true},
        {"SCMP_CMP_LT", 0x1'0000'0000, 0, 0x1'0000'0000, false},
        {"SCMP_CMP_LE", 5, 0, 5, true},
        {"SCMP_CMP_LE", 5, 0, 6, false},
        {"SCMP_CMP_LE", 5, 0, 0x1'0000'0000, false},
        {"SCMP_CMP_GT", 5, 0, 6, true},
        {"SCMP_CMP_GT", 5, 0, 5, false},
        {"SCMP_CMP_GT", 5, 0, 0x1'0000'0000, true},
        {"SCMP_CMP_GE", 5, 0, 5, true},
        {"SCMP_CMP_GE", 5, 0, 4, false},
        {"SCMP_CMP_GE", 0x2'0000'0005, 0, 0x2'0000'0004, false},
        {"SCMP_CMP_MASKED_EQ", 0xf0, 0x50, 0x1'0000'015f, true},
        {"SCMP_CMP_MASKED_EQ", 0xf0, 0x50, 0x60, false},
        {"SCMP_CMP_MASKED_EQ", 0xf'0000'0000, 0x3'0000'0000, 0x13'0000'0001, true},
        {"SCMP_CMP_MASKED_EQ", 0xf'0000'0000, 0x3'0000'0000, 0x4'0000'0001, false},
    };
    for (auto& row : kCases)
        for (unsigned index : {0u, 5u}) {
            auto filter = MUST(read(str::format(
                R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mmap"],
                    "action": "SCMP_ACT_ALLOW",
                    "args": [{"index": %u, "value": %llu, "valueTwo": %llu, "op": "%s"}]}]})",
                index, static_cast<unsigned long long>(row.value),
                static_cast<unsigned long long>(row.value_two), row.op)));
            uint64_t a[6] = {};
            a[index] = row.argument;
            EXPECT_EQ(ask(filter, abi(0), "mmap", {a[0], a[1], a[2], a[3], a[4], a[5]}),
                      row.matches ? kAllow : kEperm)
                << row.op << " " << row.value << " " << row.argument;
        }
}

TEST(SeccompProfile, CombinesRulesAsRuncDoes)
{
    auto filter = MUST(read(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
        {"names": ["fcntl"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
             {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]},
        {"names": ["ioctl"], "action": "SCMP_ACT_ALLOW", "args": [
            {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"},
             {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]},
        {"names": ["prctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 9, "args": [
            {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
        {"names": ["prctl"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["prctl"], "action": "SCMP_ACT_KILL"}
    ]})"));
    EXPECT_EQ(ask(filter, abi(0), "fcntl", {1, 2}), kAllow);  // both
    EXPECT_EQ(ask(filter, abi(0), "fcntl", {1, 3}), kEperm);
    EXPECT_EQ(ask(filter, abi(0), "ioctl", {0, 1}), kAllow);  // either
    EXPECT_EQ(ask(filter, abi(0), "ioctl", {0, 2}), kAllow);
    EXPECT_EQ(ask(filter, abi(0), "ioctl", {0, 3}), kEperm);
    EXPECT_EQ(ask(filter, abi(0), "prctl", {1}), kAllow);  // the first one without arguments
}

TEST(SeccompProfile, KnowsNoWayAroundThroughSocketcall)
{
    auto filter =
        MUST(read(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"],
        "syscalls": [{"names": ["connect", "shmget"], "action": "SCMP_ACT_ERRNO"}]})"));
    EXPECT_EQ(ask(filter, abi(0), "connect"), kEperm);
    EXPECT_EQ(ask(filter, abi(2), "connect"), kEperm);
    EXPECT_EQ(ask(filter, abi(2), "socketcall", {3}), kEperm);
    EXPECT_EQ(ask(filter, abi(2), "socketcall", {2}), kAllow);
    EXPECT_EQ(ask(filter, abi(2), "ipc", {23}), kEperm);
    EXPECT_EQ(ask(filter, abi(2), "ipc", {24}), kAllow);
}

TEST(SeccompProfile, LetsNewerCallsPassOnlyByDefault)
{
    auto strict = MUST(read(R"({"defaultAction": "SCMP_ACT_KILL", "syscalls": [
        {"names": ["read", "close_range"], "action": "SCMP_ACT_ALLOW"}]})"));
    EXPECT_EQ(ask(strict, abi(0), "write"), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(ask(strict, abi(0), "openat2"), kEnosys);
    auto open = MUST(read(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["read", "close_range"], "action": "SCMP_ACT_ERRNO"}]})"));
    EXPECT_EQ(ask(open, abi(0), "openat2"), kAllow);
}

TEST(SeccompProfile, IsEmptyWhenItSaysNothing)
{
    EXPECT_TRUE(MUST(read("{}")).empty());
    EXPECT_TRUE(MUST(read(R"({"syscalls": []})")).empty());
    EXPECT_TRUE(MUST(read(R"({"syscalls": null})")).empty());
}

TEST(SeccompProfile, SaysWhatIsWrongAndWhere)
{
    const struct {
        const char* text;
        int code;
        const char* words;
    } kMistakes[] = {
        {"", EBADMSG, "the seccomp profile"},
        {"[]", EBADMSG, "expected an object"},
        {"{\"defaultAction\": \"SCMP_ACT_ALLOW\"", EBADMSG, "the seccomp profile"},
        {R"({"defaultAction": "ALLOW"})", EBADMSG, "defaultAction: expected an action"},
        {R"({"defaultAction": 3})", EBADMSG, "defaultAction: expected a string"},
        {R"({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})", EBADMSG,
         "defaultAction"},
        {R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096})", EBADMSG,
         "defaultErrnoRet: expected an errno"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})", EBADMSG, "syscalls"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [1]})", EBADMSG, "syscalls[0]"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]})", EBADMSG,
         "syscalls[0]"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW",
              "syscalls": [{"names": [1], "action": "SCMP_ACT_LOG"}]})",
         EBADMSG, "syscalls[0].names[0]"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"],
             "action": "SCMP_ACT_NOTIFY"}]})",
         ENOTSUP, "SCMP_ACT_NOTIFY is not supported"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "name": "write",
             "action": "SCMP_ACT_LOG"}]})",
         EINVAL, "both \"name\" and \"names\""},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action":
             "SCMP_ACT_LOG", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]})",
         EBADMSG, "syscalls[0].args[0]: expected an index"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action":
             "SCMP_ACT_LOG", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]}]})",
         EBADMSG, "args[0].value"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action":
             "SCMP_ACT_LOG", "args": [{"index": 0, "value": 0, "op": "EQ"}]}]})",
         EBADMSG, "expected a comparison"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action":
             "SCMP_ACT_LOG", "includes": {"minKernel": "new"}}]})",
         EINVAL, "not a kernel version"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap":
             [{"architecture": "SCMP_ARCH_X86_64"}]})",
         EINVAL, "both \"architectures\" and"},
        {R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"]})", ENOTSUP,
         "SECCOMP_FILTER_FLAG_LOG"},
    };
    for (auto& mistake : kMistakes)
        EXPECT_ERROR(read(mistake.text), mistake.code, mistake.words) << mistake.text;
}

TEST(SeccompProfile, HasLimits)
{
    EXPECT_ERROR(read(String((1 << 20) + 1, ' ')), E2BIG, "larger than");

    String many =
        R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_LOG",
        "names": ["read")";
    for (int i = 0; i < 20'000; i++)
        many += ",\"read\"";
    EXPECT_ERROR(read(many + "]}]}"), E2BIG, "names");

    String tests = R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [)";
    for (int i = 0; i < 3000; i++)
        tests += str::format(R"(%s{"names": ["read"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 0, "value": %d, "op": "SCMP_CMP_EQ"}]})",
                             i ? "," : "", i);
    EXPECT_ERROR(read(tests + "]}"), E2BIG, "instructions");
}

// Jumps of more than 255 instructions, on both sides of a comparison.
TEST(SeccompProfile, MayBeLong)
{
    String text = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)";
    const char* calls[] = {"read", "mmap", "ioctl", "fcntl", "prctl", "setuid"};
    for (const char* call : calls)
        for (int i = 0; i < 90; i++)
            text += str::format(R"({"names": ["%s"], "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 2, "value": %d, "op": "SCMP_CMP_EQ"}]},)",
                                call, i * 2);
    text.back() = ']';
    auto filter = MUST(read(text + "}"));
    EXPECT_GT(filter.size(), 2000u);
    for (const char* call : calls)
        for (uint64_t i = 0; i < 180; i++)
            ASSERT_EQ(ask(filter, abi(0), call, {0, 0, i}), i % 2 ? kEperm : kAllow) << call << i;
}

// Damaged profiles are refused or understood, but never crash and never make a broken program.
TEST(SeccompProfile, SurvivesDamage)
{
    const String text = R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
        "syscalls": [{"names": ["read", "clone"], "action": "SCMP_ACT_ALLOW", "args": [
        {"index": 0, "value": 2114060288, "op": "SCMP_CMP_MASKED_EQ"}], "includes":
        {"caps": ["CAP_SYS_ADMIN"], "minKernel": "4.8"}, "excludes": {"arches": ["arm"]}}]})";
    unsigned seed = 1;
    for (int round = 0; round < 20'000; round++) {
        String damaged = text;
        for (int i = 0; i < 1 + round % 3; i++) {
            seed = seed * 1103515245 + 12345;
            size_t at = (seed >> 8) % damaged.size();
            if (round % 2)
                damaged.erase(at, 1 + (seed >> 28));
            else
                damaged[at] = "{}[]\",:0x-"[seed >> 8 & 7];
        }
        auto filter = read(damaged);
        if (!filter || filter->empty())
            continue;
        for (uint32_t number : {0u, 56u, 400u, 0x40000001u}) {
            seccomp_data data = {.nr = int(number), .arch = abi(0).architecture};
            ASSERT_NE(test::run_filter(*filter, data), 0xdead0000) << damaged;
        }
    }
}

}  // namespace

}  // namespace kist::container
