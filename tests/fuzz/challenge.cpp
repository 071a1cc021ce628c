// challenge.cpp - any text as the value of WWW-Authenticate.

#include "input.h"
#include "registry/auth.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    auto challenges = registry::parse_challenges(fuzz::text_of(data, size));
    fuzz::must(challenges.size() <= registry::kMaxChallenges);
    for (const registry::Challenge& challenge : challenges) {
        fuzz::must(challenge.parameters.size() <= registry::kMaxParameters);
        (void)challenge.parameter("realm");
    }
    (void)registry::reason_in(fuzz::text_of(data, size));
    return 0;
}
