// device_filter.cpp - the eBPF program that stands between a container and device nodes.
//
// The kernel asks it with {type and access, major, minor} whenever a process of the cgroup makes or
// opens a device node; 1 allows.  Rules only allow, so the program is their list: each one is some
// comparisons that skip to the next, then "return 1".

#include "container/device_filter.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "base/str.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr size_t kMaxDeviceRules = 256;

// Registers.  The context is in r1 at the start.
enum : uint8_t { kResult = 0, kContext = 1, kType = 2, kAccess = 3, kMajor = 4, kMinor = 5 };

class Program {
public:
    void load(uint8_t to, size_t offset)
    {
        emit(BPF_LDX | BPF_MEM | BPF_W, to, kContext, int16_t(offset), 0);
    }
    void move(uint8_t to, uint8_t from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
    void move_value(uint8_t to, int value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value); }
    void mask(uint8_t to, int value) { emit(BPF_ALU | BPF_AND | BPF_K, to, 0, 0, value); }
    void shift_right(uint8_t to, int bits) { emit(BPF_ALU | BPF_RSH | BPF_K, to, 0, 0, bits); }
    void leave(int value)
    {
        move_value(kResult, value);
        emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    }
    // Skips to the end of the rule unless equal; end_rule() fills in how far that is.
    void unless_equal(uint8_t what, int value)
    {
        skips_.push_back(code_.size());
        emit(BPF_JMP | BPF_JNE | BPF_K, what, 0, 0, value);
    }
    void end_rule()
    {
        for (size_t at : skips_)
            code_[at].off = int16_t(code_.size() - at - 1);
        skips_.clear();
    }
    Vector<bpf_insn> take() { return std::move(code_); }

private:
    void emit(int code, uint8_t to, uint8_t from, int16_t offset, int value)
    {
        bpf_insn insn = {};
        insn.code = uint8_t(code);
        insn.dst_reg = to & 0xf;
        insn.src_reg = from & 0xf;
        insn.off = offset;
        insn.imm = value;
        code_.push_back(insn);
    }

    Vector<bpf_insn> code_;
    Vector<size_t> skips_;
};

int access_bits(const DeviceRule& rule)
{
    return (rule.read ? BPF_DEVCG_ACC_READ : 0) | (rule.write ? BPF_DEVCG_ACC_WRITE : 0) |
           (rule.make ? BPF_DEVCG_ACC_MKNOD : 0);
}

void add_rule(Program& program, const DeviceRule& rule)
{
    constexpr int kEvery = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
    if (rule.type != 'a')
        program.unless_equal(kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    if (int bits = access_bits(rule); bits != kEvery) {
        // What is asked for beyond the rule must be nothing.
        program.move(kContext, kAccess);
        program.mask(kContext, kEvery & ~bits);
        program.unless_equal(kContext, 0);
    }
    if (rule.major >= 0)
        program.unless_equal(kMajor, rule.major);
    if (rule.minor >= 0)
        program.unless_equal(kMinor, rule.minor);
    program.leave(1);
    program.end_rule();
}

long bpf(int command, bpf_attr& attributes)
{
    return ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

Result<Fd> load_program(std::span<const bpf_insn> code)
{
    bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = reinterpret_cast<uintptr_t>(code.data());
    attributes.insn_cnt = uint32_t(code.size());
    attributes.license = reinterpret_cast<uintptr_t>("MIT");
    memcpy(attributes.prog_name, "kist_devices", sizeof "kist_devices");

    long program = bpf(BPF_PROG_LOAD, attributes);
    if (program < 0 && errno == EPERM) {
        // Before Linux 5.11 programs count against the limit of locked memory.
        rlimit before = {};
        (void)::getrlimit(RLIMIT_MEMLOCK, &before);
        rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
        if (::prlimit(0, RLIMIT_MEMLOCK, &unlimited, nullptr) == 0) {
            program = bpf(BPF_PROG_LOAD, attributes);
            int saved = errno;
            (void)::prlimit(0, RLIMIT_MEMLOCK, &before, nullptr);
            errno = saved;
        } else {
            errno = EPERM;
        }
    }
    if (program < 0) {
        bool unknown = errno == EINVAL || errno == ENOSYS;
        Error error = os_error("cannot load the device filter");
        return unknown ? std::move(error).with_hint(
                             "the kernel needs CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF")
                       : std::move(error);
    }
    return Fd(int(program));
}

Result<int> read_number(std::string_view text)
{
    if (text == "*")
        return -1;
    long long number = TRY(str::to_integer(text));
    if (number < 0 || number > 0xfffff)
        return Error(ERANGE, "%lld is not a device number", number);
    return int(number);
}

}  // namespace

Result<void> parse_device_access(std::string_view text, DeviceRule& rule)
{
    rule.read = rule.write = rule.make = false;
    for (char c : text) {
        bool* flag = c == 'r'   ? &rule.read
                     : c == 'w' ? &rule.write
                     : c == 'm' ? &rule.make
                                : nullptr;
        if (!flag || *flag)
            return Error(EINVAL, "\"%.*s\" is not an access such as rwm, rw or r", int(text.size()),
                         text.data());
        *flag = true;
    }
    if (text.empty())
        return Error(EINVAL, "the access (r, w and m) is missing");
    return {};
}

Result<DeviceRule> parse_device_rule(std::string_view text)
{
    auto wrong = [&](const char* why) {
        return Error(EINVAL, "device rule \"%.*s\": %s", int(text.size()), text.data(), why)
            .with_hint(
                "write a type (c, b or a), MAJOR:MINOR and an access, for example "
                "\"c 188:* rwm\"");
    };
    Vector<std::string_view> words = str::words(text);
    if (words.size() == 1 && words[0] == "a")
        return DeviceRule{.read = true, .write = true, .make = true};
    if (words.size() != 3)
        return wrong("three words are needed");
    if (words[0] != "a" && words[0] != "b" && words[0] != "c")
        return wrong("the type is not c, b or a");
    DeviceRule rule = {.type = words[0][0]};

    std::string_view numbers = words[1];
    if (numbers.find(':') == numbers.npos)
        return wrong("the numbers are not MAJOR:MINOR");
    auto major = read_number(str::cut(numbers, ':'));
    auto minor = read_number(numbers);
    if (!major || !minor)
        return wrong("the numbers are not MAJOR:MINOR");
    rule.major = *major;
    rule.minor = *minor;
    if (!parse_device_access(words[2], rule))
        return wrong("the access is not made of r, w and m");
    return rule;
}

Vector<DeviceRule> default_device_rules()
{
    return {
        {'c', -1, -1, false, false,
         true},                            // making any character node; opening it is another thing
        {'c', 1, 3, true, true, true},     // null
        {'c', 1, 5, true, true, true},     // zero
        {'c', 1, 7, true, true, true},     // full
        {'c', 1, 8, true, true, true},     // random
        {'c', 1, 9, true, true, true},     // urandom
        {'c', 5, 0, true, true, true},     // tty
        {'c', 5, 1, true, true, true},     // console
        {'c', 5, 2, true, true, true},     // ptmx
        {'c', 136, -1, true, true, true},  // pts/*
    };
}

Result<Vector<bpf_insn>> device_program(std::span<const DeviceRule> rules)
{
    if (rules.size() > kMaxDeviceRules)
        return Error(E2BIG, "more than %zu device rules", kMaxDeviceRules);
    Program program;
    program.load(kType, offsetof(bpf_cgroup_dev_ctx, access_type));
    program.load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
    program.load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
    // The upper half of access_type is the access.
    program.move(kAccess, kType);
    program.shift_right(kAccess, 16);
    program.mask(kType, 0xffff);
    for (const DeviceRule& rule : rules)
        add_rule(program, rule);
    program.leave(0);
    return program.take();
}

Result<void> attach_device_filter(const Fd& cgroup, std::span<const DeviceRule> rules)
{
    Vector<bpf_insn> code = TRY(device_program(rules));
    Fd program = TRY(load_program(code));

    bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = uint32_t(cgroup.get());
    attributes.attach_bpf_fd = uint32_t(program.get());
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf(BPF_PROG_ATTACH, attributes) < 0)
        return os_error("cannot attach the device filter");
    return {};
}

Result<void> replace_device_filter(const Fd& cgroup, std::span<const DeviceRule> rules)
{
    constexpr uint32_t kMaxPrograms = 64;  // that the kernel attaches to one cgroup
    uint32_t old[kMaxPrograms];
    bpf_attr query;
    memset(&query, 0, sizeof query);
    query.query.target_fd = uint32_t(cgroup.get());
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = reinterpret_cast<uint64_t>(old);
    query.query.prog_cnt = kMaxPrograms;
    if (bpf(BPF_PROG_QUERY, query) < 0)
        return os_error("cannot see the device filter");
    // Between the two steps what both allow is allowed.
    TRY(attach_device_filter(cgroup, rules));
    for (uint32_t i = 0; i < query.query.prog_cnt; i++) {
        bpf_attr attributes;
        memset(&attributes, 0, sizeof attributes);
        attributes.prog_id = old[i];
        Fd program(int(bpf(BPF_PROG_GET_FD_BY_ID, attributes)));
        memset(&attributes, 0, sizeof attributes);
        attributes.target_fd = uint32_t(cgroup.get());
        attributes.attach_bpf_fd = uint32_t(program.get());
        attributes.attach_type = BPF_CGROUP_DEVICE;
        if (bpf(BPF_PROG_DETACH, attributes) < 0)
            return os_error("cannot remove the old device filter");
    }
    return {};
}

bool can_filter_devices()
{
    auto code = device_program({});
    return code && load_program(*code);
}

}  // namespace kist::container
