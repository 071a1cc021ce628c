// device_filter_test.cpp - device rules as words and as an eBPF program.

#include "container/device_filter.h"

#include <unistd.h>

#include "base/vector.h"
#include "check.h"

namespace kist::container {

namespace {

constexpr uint32_t kRead = BPF_DEVCG_ACC_READ, kWrite = BPF_DEVCG_ACC_WRITE,
                   kMake = BPF_DEVCG_ACC_MKNOD;

// A machine for the few instructions that the program is made of.
int run(const Vector<bpf_insn>& code, uint32_t type, uint32_t access, uint32_t major,
        uint32_t minor)
{
    const uint32_t context[3] = {access << 16 | type, major, minor};
    uint64_t r[11] = {};
    for (size_t at = 0; at < code.size(); at++) {
        const bpf_insn& op = code[at];
        uint64_t& to = r[op.dst_reg];
        switch (op.code) {
            case BPF_LDX | BPF_MEM | BPF_W: to = context[op.off / 4]; break;
            case BPF_ALU64 | BPF_MOV | BPF_X: to = r[op.src_reg]; break;
            case BPF_ALU64 | BPF_MOV | BPF_K: to = uint64_t(int64_t(op.imm)); break;
            case BPF_ALU | BPF_AND | BPF_K: to = uint32_t(to) & uint32_t(op.imm); break;
            case BPF_ALU | BPF_RSH | BPF_K: to = uint32_t(to) >> op.imm; break;
            case BPF_JMP | BPF_JNE | BPF_K:
                if (to != uint64_t(int64_t(op.imm)))
                    at += size_t(op.off);
                break;
            case BPF_JMP | BPF_EXIT: return int(r[0]);
            default: return -1;
        }
    }
    return -1;
}

TEST(DeviceRule, IsReadFromDockersWords)
{
    const struct {
        const char* text;
        DeviceRule rule;
    } kCases[] = {
        {"a", {'a', -1, -1, true, true, true}},
        {"a *:* rwm", {'a', -1, -1, true, true, true}},
        {"c 1:3 rwm", {'c', 1, 3, true, true, true}},
        {"b 8:* r", {'b', 8, -1, true, false, false}},
        {"c *:0 mw", {'c', -1, 0, false, true, true}},
    };
    for (auto& row : kCases)
        EXPECT_EQ(MUST(parse_device_rule(row.text)), row.rule) << row.text;

    const char* kMistakes[] = {
        "",          "c",        "c 1:3",    "c 1:3 rwx", "c 1:3 rr",      "d 1:3 rwm", "c 1 rwm",
        "c 1:x rwm", "c -1:3 r", "cc 1:3 r", "c 1:3 r w", "c 9999999:1 r", "c :3 r",    "c 1: r"};
    for (const char* text : kMistakes)
        EXPECT_ERROR(parse_device_rule(text), EINVAL, "device rule") << text;
}

TEST(DeviceFilter, AllowsWhatDockerAllowsByDefault)
{
    auto code = MUST(device_program(default_device_rules()));
    const struct {
        uint32_t type, access, major, minor;
        int allowed;
    } kCases[] = {
        {BPF_DEVCG_DEV_CHAR, kRead | kWrite, 1, 3, 1},
        {BPF_DEVCG_DEV_CHAR, kRead, 1, 9, 1},
        {BPF_DEVCG_DEV_CHAR, kRead, 1, 1, 0},  // mem
        {BPF_DEVCG_DEV_CHAR, kMake, 1, 1, 1},
        {BPF_DEVCG_DEV_CHAR, kRead | kWrite, 5, 2, 1},
        {BPF_DEVCG_DEV_CHAR, kRead | kWrite, 136, 7, 1},
        {BPF_DEVCG_DEV_CHAR, kRead | kWrite, 10, 200, 0},
        {BPF_DEVCG_DEV_BLOCK, kRead, 8, 0, 0},
        {BPF_DEVCG_DEV_BLOCK, kMake, 8, 0, 0},
        {BPF_DEVCG_DEV_BLOCK, kRead, 1, 3, 0},
    };
    for (auto& row : kCases)
        EXPECT_EQ(run(code, row.type, row.access, row.major, row.minor), row.allowed)
            << row.type << " " << row.access << " " << row.major << ":" << row.minor;
}

TEST(DeviceFilter, AddsRules)
{
    Vector<DeviceRule> rules = {MUST(parse_device_rule("b 8:* r")),
                                MUST(parse_device_rule("a *:77 w"))};
    auto code = MUST(device_program(rules));
    EXPECT_EQ(run(code, BPF_DEVCG_DEV_BLOCK, kRead, 8, 3), 1);
    EXPECT_EQ(run(code, BPF_DEVCG_DEV_BLOCK, kRead | kWrite, 8, 3), 0);
    EXPECT_EQ(run(code, BPF_DEVCG_DEV_CHAR, kRead, 8, 3), 0);
    EXPECT_EQ(run(code, BPF_DEVCG_DEV_CHAR, kWrite, 8, 77), 1);

    EXPECT_EQ(run(MUST(device_program({})), BPF_DEVCG_DEV_CHAR, kRead, 1, 3), 0);
    Vector<DeviceRule> all = {MUST(parse_device_rule("a"))};
    EXPECT_EQ(run(MUST(device_program(all)), BPF_DEVCG_DEV_BLOCK, 7, 8, 0), 1);
    EXPECT_ERROR(device_program(Vector<DeviceRule>(257)), E2BIG, "device rules");
}

TEST(DeviceFilter, IsTakenByTheKernel)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    if (!can_filter_devices())
        GTEST_SKIP() << "this kernel has no device filters";
    SUCCEED();
}

}  // namespace

}  // namespace kist::container
