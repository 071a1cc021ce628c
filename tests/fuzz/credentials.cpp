// credentials.cpp - any text as docker's config.json: read, and with an entry added and removed
// again.

#include "registry/credentials.h"
#include "base/string.h"
#include "input.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    String text(fuzz::text_of(data, size));
    (void)registry::credential_in(text, "config.json", "registry.example");

    bool removed = false;
    auto more =
        registry::with_entry(text, "registry.example", "{\"auth\":\"dXNlcjp3b3Jk\"}", removed);
    if (!more)
        return 0;
    auto found = registry::credential_in(*more, "config.json", "registry.example");
    fuzz::must(found && *found && (**found).user == "user" && (**found).password == "word");
    auto less = registry::with_entry(*more, "registry.example", "", removed);
    fuzz::must(less && removed);
    return 0;
}
