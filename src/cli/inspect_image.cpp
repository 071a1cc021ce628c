// inspect_image.cpp - an image as `docker image inspect` shows it.

#include "base/string.h"
#include "cli/inspect.h"
#include "registry/reference.h"

namespace kist::cli {

namespace {

using image::Config;
using image::Image;
using image::Platform;
using json::Text;
using S = const Subject&;

const Image& image_of(S s)
{
    return *s.image;
}
const Config& config_of(S s)
{
    return s.image->config;
}
const Platform& platform_of(S s)
{
    return s.image->config.platform;
}

// Its names as docker shows them: those with a tag, or those with a digest.
template <bool Digests>
void write_names(Text& out, S s)
{
    out.begin('[');
    for (const String& text : s.image->references)
        if (auto reference = registry::Reference::parse(text))
            if (reference->digest.has_value() == Digests)
                out.text(reference->familiar());
    out.end(']');
}

// Every field of it, empty ones too, so that a template may ask for each.
void write_execution(Text& out, S s)
{
    const image::Execution& execution = s.image->config.execution;
    out.begin('{');
    for (const json::Field& field : fields_of(&execution)) {
        out.name(field.name);
        json::write_value(out, *field.type,
                          field.member(const_cast<image::Execution*>(&execution)));
    }
    out.end('}');
}

// clang-format off
constexpr InspectRow kRows[] = {
    shown<image_of, &Image::id>              ("Id"),
    {"RepoTags", nullptr,                    write_names<false>},
    {"RepoDigests", nullptr,                 write_names<true>},
    {"Parent", "\"\""},
    {"Comment", "\"\""},
    shown<config_of, &Config::created>       ("Created"),
    shown<config_of, &Config::author>        ("Author"),
    {"Config", nullptr,                      write_execution},
    shown<platform_of, &Platform::architecture>("Architecture"),
    shown<platform_of, &Platform::variant>   ("Variant"),
    shown<platform_of, &Platform::os>        ("Os"),
    shown<image_of, &Image::size>            ("Size"),
    {"GraphDriver.Name", "\"overlay2\""},
    {"GraphDriver.Data", "{}"},
    {"RootFS.Type", "\"layers\""},
    shown<config_of, &Config::diff_ids>      ("RootFS.Layers"),
    {"Metadata", "{}"},
};
// clang-format on

}  // namespace

String image_document(const Subject& subject)
{
    return write_rows(kRows, subject);
}

}  // namespace kist::cli
