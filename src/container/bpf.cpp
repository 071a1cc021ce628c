// bpf.cpp - the assembler.
//
// Every jump of classic BPF goes forward, so code is emitted from its end: what a jump
// leads to is already there, and its distance is known.  A Label is the index of an
// instruction in that reversed code.  Conditional jumps reach 255 instructions; a farther label is
// reached through an unconditional one put in between.

#include "container/bpf.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>

#include "base/vector.h"

namespace kist::container::bpf {

namespace {

using Label = size_t;

constexpr size_t kReach = 254;  // one less than the limit: near() may add an instruction
constexpr uint32_t kNumber = offsetof(seccomp_data, nr);
constexpr uint32_t kArchitecture = offsetof(seccomp_data, arch);

class Assembler {
public:
    explicit Assembler(const Program& program) : program_(program)
    {
        code_.reserve(1024);
        verdict_labels_.reserve(program.verdicts.size());
    }

    Label give(uint32_t action);
    Label section(const Section& section);
    Label load(uint32_t offset, Label next);
    Label jump(uint16_t operation, uint32_t value, Label yes, Label no);

    Vector<sock_filter> finish()
    {
        std::reverse(code_.begin(), code_.end());
        return std::move(code_);
    }

private:
    struct Given {
        uint32_t action;
        Label label;
    };
    static constexpr Label kNowhere = ~Label{0};

    Label emit(uint16_t code, uint32_t value, size_t yes = 0, size_t no = 0)
    {
        code_.push_back({code, uint8_t(yes), uint8_t(no), value});
        return code_.size() - 1;
    }
    size_t distance(Label label) const { return code_.size() - label - 1; }
    Label near(Label label);
    Label word(uint32_t offset, uint32_t mask, uint16_t operation, uint32_t value, Label yes,
               Label no);
    Label test_ordered(const Test& test, bool wide, bool or_equal, Label yes, Label no);
    Label test_masked(const Test& test, bool wide, Label yes, Label no);
    Label test(const Test& test, bool wide, Label yes, Label no);
    Label verdict(uint32_t index);
    Label search(const Span* first, const Span* last);

    const Program& program_;
    Vector<sock_filter> code_;
    Vector<Given> given_;           // the nearest return of each action
    Vector<Label> verdict_labels_;  // of this section
};

Label Assembler::near(Label label)
{
    return distance(label) <= kReach ? label : emit(BPF_JMP | BPF_JA, uint32_t(distance(label)));
}

Label Assembler::give(uint32_t action)
{
    for (Given& given : given_)
        if (given.action == action) {
            if (distance(given.label) > kReach / 2)
                given.label = emit(BPF_RET | BPF_K, action);
            return given.label;
        }
    given_.push_back({action, emit(BPF_RET | BPF_K, action)});
    return given_.back().label;
}

Label Assembler::load(uint32_t offset, Label next)
{
    if (distance(next) != 0)
        emit(BPF_JMP | BPF_JA, uint32_t(distance(next)));
    return emit(BPF_LD | BPF_W | BPF_ABS, offset);
}

Label Assembler::jump(uint16_t operation, uint32_t value, Label yes, Label no)
{
    if (yes == no)
        return yes;
    yes = near(yes);
    no = near(no);
    return emit(BPF_JMP | BPF_K | operation, value, distance(yes), distance(no));
}

// Loads a word, masks it, compares it.
Label Assembler::word(uint32_t offset, uint32_t mask, uint16_t operation, uint32_t value, Label yes,
                      Label no)
{
    Label next = jump(operation, value, yes, no);
    if (mask != ~uint32_t{0}) {
        if (distance(next) != 0)
            emit(BPF_JMP | BPF_JA, uint32_t(distance(next)));
        next = emit(BPF_ALU | BPF_AND | BPF_K, mask);
    }
    return load(offset, next);
}

// Arguments are little-endian pairs of words.
constexpr uint32_t low_of(uint8_t argument)
{
    return uint32_t(offsetof(seccomp_data, args)) + argument * 8;
}

Label Assembler::test_masked(const Test& test, bool wide, Label yes, Label no)
{
    uint32_t low = low_of(test.argument);
    Label next = word(low, uint32_t(test.mask), BPF_JEQ, uint32_t(test.value), yes, no);
    if (!wide || (test.mask >> 32 == 0 && test.value >> 32 == 0))
        return next;
    return word(low + 4, uint32_t(test.mask >> 32), BPF_JEQ, uint32_t(test.value >> 32), next, no);
}

// argument > value, or >= with `or_equal`.
Label Assembler::test_ordered(const Test& test, bool wide, bool or_equal, Label yes, Label no)
{
    uint32_t low = low_of(test.argument);
    uint32_t high_value = uint32_t(test.value >> 32);
    Label next = word(low, ~0u, or_equal ? BPF_JGE : BPF_JGT, uint32_t(test.value), yes, no);
    if (!wide)
        return next;
    next = jump(BPF_JEQ, high_value, next, no);
    return word(low + 4, ~0u, BPF_JGT, high_value, yes, next);
}

Label Assembler::test(const Test& test, bool wide, Label yes, Label no)
{
    switch (test.compare) {
        case Compare::equal:
        case Compare::masked: return test_masked(test, wide, yes, no);
        case Compare::not_equal: return test_masked(test, wide, no, yes);
        case Compare::greater: return test_ordered(test, wide, false, yes, no);
        case Compare::greater_equal: return test_ordered(test, wide, true, yes, no);
        case Compare::less: return test_ordered(test, wide, true, no, yes);
        case Compare::less_equal: return test_ordered(test, wide, false, no, yes);
    }
    return no;
}

Label Assembler::verdict(uint32_t index)
{
    const Verdict& verdict = program_.verdicts[index];
    if (verdict.rules.empty())
        return give(verdict.otherwise);
    if (verdict_labels_[index] != kNowhere)
        return verdict_labels_[index];

    Label next = give(verdict.otherwise);
    for (auto rule = verdict.rules.rbegin(); rule != verdict.rules.rend(); ++rule) {
        Label no = next;
        next = give(rule->action);
        for (auto each = rule->all_of.rbegin(); each != rule->all_of.rend(); ++each)
            next = test(*each, verdict.wide, next, no);
    }
    verdict_labels_[index] = next;
    return next;
}

Label Assembler::search(const Span* first, const Span* last)
{
    size_t count = size_t(last - first);
    if (count == 1)
        return verdict(first->verdict);
    // One number that differs from its neighbours is a single comparison.
    if (count == 3 && first[0].verdict == first[2].verdict &&
        first[1].first + 1 == first[2].first) {
        Label outer = verdict(first[0].verdict);
        Label inner = verdict(first[1].verdict);
        return jump(BPF_JEQ, first[1].first, inner, outer);
    }
    const Span* middle = first + count / 2;
    Label right = search(middle, last);
    Label left = search(first, middle);
    return jump(BPF_JGE, middle->first, right, left);
}

Label Assembler::section(const Section& section)
{
    given_.clear();
    verdict_labels_.assign(program_.verdicts.size(), kNowhere);
    Label tree = search(section.spans.data(), section.spans.data() + section.spans.size());
    return load(kNumber, tree);
}

}  // namespace

Result<Vector<sock_filter>> assemble(const Program& program)
{
    Assembler assembler(program);
    Label next = assembler.give(program.foreign);
    for (size_t i = program.sections.size(); i-- > 0;) {
        const Section& section = program.sections[i];
        Label body = assembler.section(section);
        next = assembler.jump(BPF_JEQ, section.architecture, body, next);
    }
    assembler.load(kArchitecture, next);

    Vector<sock_filter> code = assembler.finish();
    if (code.size() > BPF_MAXINSNS)
        return Error(E2BIG, "the system call filter has %zu instructions, the kernel takes %d",
                     code.size(), BPF_MAXINSNS);
    return code;
}

}  // namespace kist::container::bpf
