// reference.cpp - any text as an image's name: what is understood means the same when written out.

#include "registry/reference.h"
#include "input.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    auto first = registry::Reference::parse(fuzz::text_of(data, size));
    if (!first)
        return 0;
    auto again = registry::Reference::parse(first->text());
    fuzz::must(bool(again));
    fuzz::must(again->text() == first->text());
    fuzz::must(again->api_host() == first->api_host());
    auto familiar = registry::Reference::parse(first->familiar());
    fuzz::must(bool(familiar));
    fuzz::must(familiar->repository == first->repository);
    return 0;
}
