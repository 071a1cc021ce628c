// seccomp_words.cpp - the words of a seccomp profile.

#include "container/seccomp_words.h"

#include <linux/seccomp.h>
#include <sys/utsname.h>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr size_t kMaxTests = 64;  // of one rule

struct Action {
    const char* name;
    uint32_t value;
    bool has_code;
};

struct Operator {
    const char* name;
    bpf::Compare compare;
};

// clang-format off
constexpr Action kActions[] = {
    {"SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW,        false},
    {"SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO,        true},
    {"SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD,  false},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
    {"SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD,  false},
    {"SCMP_ACT_LOG",          SECCOMP_RET_LOG,          false},
    {"SCMP_ACT_TRACE",        SECCOMP_RET_TRACE,        true},
    {"SCMP_ACT_TRAP",         SECCOMP_RET_TRAP,         false},
};

constexpr Operator kOperators[] = {
    {"SCMP_CMP_EQ",        bpf::Compare::equal},
    {"SCMP_CMP_GE",        bpf::Compare::greater_equal},
    {"SCMP_CMP_GT",        bpf::Compare::greater},
    {"SCMP_CMP_LE",        bpf::Compare::less_equal},
    {"SCMP_CMP_LT",        bpf::Compare::less},
    {"SCMP_CMP_MASKED_EQ", bpf::Compare::masked},
    {"SCMP_CMP_NE",        bpf::Compare::not_equal},
};
// clang-format on

Result<unsigned long long> natural_of(const json::Node& node, const char* name)
{
    json::Node member = TRY(node.member(name));
    return member.natural();
}

Result<bpf::Test> test_of(const json::Node& node)
{
    unsigned long long index = TRY(natural_of(node, "index"));
    if (index > 5)
        return node.expected("an index from 0 to 5");
    bpf::Test test = {.argument = uint8_t(index)};
    test.value = TRY(natural_of(node, "value"));

    json::Node op = TRY(node.member("op"));
    String name = TRY(op.text());
    for (const Operator& known : kOperators) {
        if (name != known.name)
            continue;
        test.compare = known.compare;
        if (known.compare == bpf::Compare::masked) {
            test.mask = test.value;
            test.value = 0;
            if (auto second = node.find("valueTwo"))
                test.value = TRY(second->natural());
        }
        return test;
    }
    return op.expected("a comparison such as SCMP_CMP_EQ");
}

// "4.8" as 4 << 8 | 8; of "6.1.0-18-amd64" the first two numbers.
Result<unsigned> kernel_version(std::string_view text)
{
    unsigned long long part[2] = {};
    std::string_view rest = text;
    for (unsigned long long& number : part) {
        if (!str::take_natural(rest, number) || number > 255)
            return Error(EINVAL, "\"%.*s\" is not a kernel version such as 4.8", int(text.size()),
                         text.data());
        if (rest.starts_with('.'))
            rest.remove_prefix(1);
    }
    return unsigned(part[0] << 8 | part[1]);
}

bool contains(const Vector<String>& list, std::string_view word)
{
    for (const String& each : list)
        if (each == word)
            return true;
    return false;
}

// What an "includes" or "excludes" says about this machine.
struct Conditions {
    unsigned asked = 0;       // how many capabilities are named,
    unsigned had = 0;         // and how many of them the container has
    bool any_machine = true;  // no "arches"
    bool machine = false;
    bool any_kernel = true;  // no "minKernel"
    bool kernel = false;
};

Result<Conditions> conditions_of(const json::Node& node, Capabilities bounding,
                                 std::string_view native)
{
    Conditions found;
    for (const String& name : TRY(words_of(node, "caps"))) {
        auto number = capability_number(name);
        found.asked++;
        found.had += number && bounding.has(*number);
    }
    Vector<String> machines = TRY(words_of(node, "arches"));
    found.any_machine = machines.empty();
    found.machine = contains(machines, native);
    if (auto kernel = node.find("minKernel")) {
        String wanted = TRY(kernel->text());
        found.any_kernel = wanted.empty();
        utsname system = {};
        (void)::uname(&system);
        if (!wanted.empty()) {
            unsigned least = TRY(kernel_version(wanted), "%s", kernel->path().c_str());
            unsigned running = TRY(kernel_version(system.release));
            found.kernel = running >= least;
        }
    }
    return found;
}

}  // namespace

Result<Vector<String>> words_of(const json::Node& node, const char* name)
{
    Vector<String> words;
    if (auto list = node.find(name))
        for (const json::Node& each : TRY(list->elements())) {
            String word = TRY(each.text());
            words.push_back(std::move(word));
        }
    return words;
}

Result<uint32_t> action_of(const json::Node& node, const char* action, const char* code)
{
    unsigned long long number = EPERM;
    if (auto given = node.find(code)) {
        number = TRY(given->natural());
        if (number > 4095)
            return given->expected("an errno from 0 to 4095");
    }
    json::Node member = TRY(node.member(action));
    String name = TRY(member.text());
    if (name == "SCMP_ACT_NOTIFY")
        return Error(ENOTSUP, "%s: SCMP_ACT_NOTIFY is not supported", member.path().c_str())
            .with_hint("it needs an agent that answers; use SCMP_ACT_ERRNO or SCMP_ACT_LOG");
    for (const Action& known : kActions)
        if (name == known.name)
            return known.value | (known.has_code ? uint32_t(number) : 0);
    return member.expected("an action such as SCMP_ACT_ALLOW");
}

Result<Vector<bpf::Test>> tests_of(const json::Node& rule)
{
    Vector<bpf::Test> tests;
    auto list = rule.find("args");
    if (!list)
        return tests;
    Vector<json::Node> nodes = TRY(list->elements());
    if (nodes.size() > kMaxTests)
        return Error(E2BIG, "%s: more than %zu", list->path().c_str(), kMaxTests);
    for (const json::Node& node : nodes) {
        if (node.is_null())
            continue;
        bpf::Test test = TRY(test_of(node));
        tests.push_back(test);
    }
    return tests;
}

Result<bool> applies(const json::Node& rule, Capabilities bounding, std::string_view native)
{
    if (auto excludes = rule.find("excludes")) {
        Conditions without = TRY(conditions_of(*excludes, bounding, native));
        if (without.machine || without.had > 0 || without.kernel)
            return false;
    }
    if (auto includes = rule.find("includes")) {
        Conditions with = TRY(conditions_of(*includes, bounding, native));
        return (with.any_machine || with.machine) && with.had == with.asked &&
               (with.any_kernel || with.kernel);
    }
    return true;
}

}  // namespace kist::container
