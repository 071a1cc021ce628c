// documents.cpp - any text as a manifest, an index and an image's configuration.

#include "base/string.h"
#include "image/config.h"
#include "image/manifest.h"
#include "input.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    String text(fuzz::text_of(data, size));
    (void)image::is_index("", text);
    (void)image::Manifest::parse(text);
    (void)image::choose(text,
                        image::Platform{.os = "linux", .architecture = "arm64", .variant = "v8"});
    (void)image::Config::parse(text);
    return 0;
}
