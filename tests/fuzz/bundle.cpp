// bundle.cpp - any documents, layers and links as an archive of images: whatever they say, an image
// that is found has a part of the archive for each of its layers.
//
// The input is entries that end with NUL: a letter (d, l or s), a name, a line break, and the text
// or the link's target.

#include "image/bundle.h"
#include "base/string.h"
#include "input.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    image::Bundle bundle;
    for (std::string_view rest = fuzz::text_of(data, size); !rest.empty();) {
        std::string_view text = str::cut(rest, '\0');
        char kind = text.empty() ? ' ' : text[0];
        text.remove_prefix(!text.empty());
        std::string_view name = str::cut(text, '\n');
        if (kind == 'd')
            (void)bundle.add_document(name, String(text));
        else if (kind == 'l')
            (void)bundle.add_layer(name);
        else
            (void)bundle.add_link(name, text, kind == 's');
    }
    image::Platform board = {.os = "linux", .architecture = "arm64", .variant = "v8"};
    auto images = image::match(bundle, board, false);
    if (!images)
        return 0;
    for (const image::BundleImage& image : *images) {
        fuzz::must(image.layers.size() == image.config.diff_ids.size());
        for (const image::LayerPart* part : image.layers)
            fuzz::must(part && bundle.layer(part->name) == part);
        fuzz::must(Digest::of(image.config_text) == image.id);
    }
    return 0;
}
