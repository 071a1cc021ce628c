// seccomp_policy.cpp - from verdicts by slot to spans.

#include "container/seccomp_policy.h"

namespace kist::container {

Slots fill_slots(int newest, uint16_t known, uint16_t newer)
{
    Slots slots;
    for (int slot = 0; slot < kSlots; slot++)
        slots[size_t(slot)] = slot <= newest ? known : newer;
    return slots;
}

void add_calls(bpf::Program& program, const Abi& abi, const Slots& slots)
{
    if (program.sections.empty() || program.sections.back().architecture != abi.architecture)
        program.sections.push_back({abi.architecture, {}});
    auto& spans = program.sections.back().spans;

    // Between the slots and past them there are no calls: those numbers go with the slot before.
    for (int slot = 0; slot < kSlots; slot++) {
        uint16_t verdict = slots[size_t(slot)];
        if (spans.empty() || spans.back().verdict != verdict)
            spans.push_back({number_of(abi, slot), verdict});
    }
}

}  // namespace kist::container
