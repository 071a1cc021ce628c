// bpf.h - from decisions about system calls to a classic BPF program for seccomp(2).
//
// A program has a section per architecture: a binary search over spans of call numbers that share a
// verdict.  Its depth is what a call costs; and Linux 5.11 and later run it once per number at
// installation and remember the numbers that are always allowed, which only works for
// programs made of loads of nr and arch, comparisons and ANDs.  So there is nothing else in them.

#pragma once

#include <linux/filter.h>

#include <cstdint>

#include "base/result.h"
#include "base/vector.h"

namespace kist::container::bpf {

enum class Compare : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, masked };

// A condition on one argument.
struct Test {
    uint8_t argument = 0;  // 0..5
    Compare compare = Compare::equal;
    uint64_t value = 0;
    uint64_t mask = ~uint64_t{0};  // masked: (argument & mask) == value
};

struct Rule {
    Vector<Test> all_of;
    uint32_t action = 0;  // SECCOMP_RET_*
};

// What to answer: the action of the first rule whose tests hold, else `otherwise`.
struct Verdict {
    uint32_t otherwise = 0;
    bool wide = true;  // arguments are 64 bits; else only their lower halves count
    Vector<Rule> rules;
};

// The calls from `first` up to the next span.
struct Span {
    uint32_t first;
    uint32_t verdict;  // index into Program::verdicts
};

struct Section {
    uint32_t architecture = 0;
    Vector<Span> spans;  // ascending, the first one starts at 0
};

struct Program {
    Vector<Verdict> verdicts;
    Vector<Section> sections;
    uint32_t foreign = 0;  // the action for any other architecture
};

// The program as the kernel takes it.  E2BIG: more than BPF_MAXINSNS (4096) instructions.
Result<Vector<sock_filter>> assemble(const Program& program);

}  // namespace kist::container::bpf
