// bpf_machine.h - a classic BPF machine for the tests: runs a seccomp filter as the kernel does.

#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstring>
#include <span>

namespace kist::test {

// The answer of `filter`, or 0xdead0000 where the kernel would have refused the program.
inline uint32_t run_filter(std::span<const sock_filter> filter, const seccomp_data& data,
                           size_t* steps = nullptr)
{
    constexpr uint32_t kBroken = 0xdead0000;
    uint32_t accumulator = 0;
    for (size_t at = 0; at < filter.size(); at++) {
        const sock_filter& op = filter[at];
        if (steps)
            ++*steps;
        bool taken = false;
        switch (op.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                if (op.k % 4 != 0 || op.k + 4 > sizeof data)
                    return kBroken;
                memcpy(&accumulator, reinterpret_cast<const char*>(&data) + op.k, 4);
                continue;
            case BPF_ALU | BPF_AND | BPF_K: accumulator &= op.k; continue;
            case BPF_RET | BPF_K: return op.k;
            case BPF_JMP | BPF_JA: at += op.k; continue;
            case BPF_JMP | BPF_JEQ | BPF_K: taken = accumulator == op.k; break;
            case BPF_JMP | BPF_JGT | BPF_K: taken = accumulator > op.k; break;
            case BPF_JMP | BPF_JGE | BPF_K: taken = accumulator >= op.k; break;
            default: return kBroken;
        }
        at += taken ? op.jt : op.jf;
    }
    return kBroken;
}

}  // namespace kist::test
