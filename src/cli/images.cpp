// images.cpp - images, history: what is in the store.

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/filter.h"
#include "cli/labels.h"
#include "cli/listing.h"
#include "cli/print.h"

namespace kist::cli {

namespace {

constexpr size_t kMaxCreatedBy = 45;  // characters that are shown
constexpr char kNone[] = "<none>";

String age_of(const String& when)
{
    auto seconds = clock::from_text(when);
    return seconds && *seconds > 0 ? clock::ago(clock::now() - *seconds) : "N/A";
}

int64_t seconds_of(const String& when)
{
    auto seconds = clock::from_text(when);
    return seconds ? *seconds : 0;
}

String id_of(const Digest& id, bool whole)
{
    return whole ? id.text() : id.hex().substr(0, kShortId);
}

// ---- images ----------------------------------------------------------------

struct ImagesFlags {
    bool quiet = false, digests = false, no_trunc = false, all = false;
    String format;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kImagesFlags[] = {
    flag<&ImagesFlags::all>     ('a', "all",      nullptr,     "Accepted for docker's sake: nothing is hidden"_help),
    flag<&ImagesFlags::digests> (0,   "digests",  nullptr,     "Show digests"_help),
    flag<&ImagesFlags::filters> ('f', "filter",   "KEY=VALUE", "Show those with this dangling (true, false), reference (a pattern), label, before or since (an image)"_help),
    flag<&ImagesFlags::format>  (0,   "format",   "FORMAT",    "json, or a template such as '{{.Repository}}:{{.Tag}}'"_help),
    flag<&ImagesFlags::no_trunc>(0,   "no-trunc", nullptr,     "Show whole ids"_help),
    flag<&ImagesFlags::quiet>   ('q', "quiet",    nullptr,     "Print ids only"_help),
};
// clang-format on

using Images = Vector<image::Image>;

// An image by one of its names, or by none.
struct SeenImage {
    const image::Image& image;
    const registry::Reference* reference;
    bool tagged;  // by any name
};

const SeenImage& by(const void* seen)
{
    return *static_cast<const SeenImage*>(seen);
}

int64_t created(const void* seen)
{
    return seconds_of(by(seen).image.config.created);
}

// "alpine", "al*", "alpine:3.*", "docker.io/library/alpine".
bool is_called(const registry::Reference* reference, const String& pattern)
{
    if (!reference)
        return false;
    String whole = reference->host + "/" + reference->repository;
    for (const String& name :
         {reference->familiar_name(), reference->familiar(), whole, reference->text()})
        if (str::matches(pattern, name))
            return true;
    return false;
}

// When the image was made.
Result<void> find_time(Condition& condition, const void* store)
{
    auto image = TRY(static_cast<const image::Store*>(store)->find(condition.value));
    condition.number = seconds_of(image.config.created);
    return {};
}

using S = const void*;
using C = const Condition&;
using enum FilterUse;

// clang-format off
constexpr FilterKey kFilters[] = {
    {"before",    list, true,  [](S s, C c) { return created(s) < c.number; }, find_time},
    {"dangling",  list, true,  [](S s, C c) { return by(s).tagged != bool(c.number); }, read_truth},
    {"label",     list, true,  [](S s, C c) { return has_label(by(s).image.config.execution.labels, c.value); }},
    {"reference", list, false, [](S s, C c) { return is_called(by(s).reference, c.value); }},
    {"since",     list, true,  [](S s, C c) { return created(s) > c.number; }, find_time},
};
// clang-format on

// An image has a row for each of its tags; one that has none is "<none>", or known by digest alone.
Vector<Row> rows_of(const image::Image& image, bool whole_ids, const Conditions& conditions)
{
    auto row = [&](const String& repository, const String& tag) {
        return Row{repository,
                   tag,
                   image.digest == Digest() ? kNone : image.digest.text(),
                   id_of(image.id, whole_ids),
                   age_of(image.config.created),
                   image.config.created,
                   human_size(image.size),
                   image.config.platform.text()};
    };
    Vector<registry::Reference> references;
    bool tagged = false;
    for (const String& text : image.references)
        if (auto reference = registry::Reference::parse(text)) {
            tagged |= !reference->digest;
            references.push_back(reference.take());
        }
    Vector<Row> rows;
    String by_digest;
    for (const registry::Reference& reference : references) {
        SeenImage seen = {image, &reference, tagged};
        if (!match_filters(conditions, &seen))
            continue;
        if (reference.digest)
            by_digest = reference.familiar_name();
        else
            rows.push_back(row(reference.familiar_name(), reference.tag));
    }
    SeenImage nameless = {image, nullptr, tagged};
    if (!tagged && (!by_digest.empty() || match_filters(conditions, &nameless)))
        rows.push_back(row(by_digest.empty() ? kNone : by_digest, kNone));
    return rows;
}

int newer_first(const void* left, const void* right)
{
    const image::Image& a = **static_cast<const image::Image* const*>(left);
    const image::Image& b = **static_cast<const image::Image* const*>(right);
    int64_t first = seconds_of(a.config.created), second = seconds_of(b.config.created);
    return first != second ? (first > second ? -1 : 1) : a.id.hex().compare(b.id.hex());
}

Result<int> images(const ImagesFlags& flags, const Context& context, Arguments operands)
{
    const Column kColumns[] = {
        {"Repository", "REPOSITORY"},
        {"Tag", "TAG"},
        {"Digest", "DIGEST", flags.digests},
        {"ID", "IMAGE ID"},
        {"CreatedSince", "CREATED"},
        {"CreatedAt", "CREATED AT", false},
        {"Size", "SIZE"},
        {"Platform", "PLATFORM", false},
    };
    image::Store store = TRY(open_store(context));
    Vector<String> words = flags.filters;
    for (std::string_view name : operands)
        words.push_back("reference=" + String(name));
    Conditions conditions = TRY(parse_filters(kFilters, words, list, &store));
    Images all = TRY(store.images());
    Vector<const image::Image*> order;
    for (const image::Image& image : all)
        order.push_back(&image);
    if (!order.empty())
        ::qsort(order.data(), order.size(), sizeof order[0], newer_first);
    Vector<Row> rows;
    for (const image::Image* image : order)
        for (Row& row : rows_of(*image, flags.no_trunc, conditions))
            rows.push_back(std::move(row));
    TRY(print_rows(kColumns, rows, flags.quiet ? "{{.ID}}" : flags.format));
    return 0;
}

// ---- history ---------------------------------------------------------------

struct HistoryFlags {
    bool quiet = false, no_trunc = false, human = true;
    String format;
};

// clang-format off
constexpr Flag kHistoryFlags[] = {
    flag<&HistoryFlags::format>  (0,   "format",   "FORMAT", "json, or a template such as '{{.CreatedBy}} {{.Size}}'"_help),
    flag<&HistoryFlags::human>   ('H', "human",    nullptr,  "With =false: sizes in bytes, and dates"_help),
    flag<&HistoryFlags::no_trunc>(0,   "no-trunc", nullptr,  "Show whole ids and commands"_help),
    flag<&HistoryFlags::quiet>   ('q', "quiet",    nullptr,  "Print ids only"_help),
};
constexpr Column kHistoryColumns[] = {
    {"ID", "IMAGE"}, {"CreatedSince", "CREATED"}, {"CreatedAt", "CREATED AT", false},
    {"CreatedBy", "CREATED BY"}, {"Size", "SIZE"}, {"Comment", "COMMENT"},
};
// clang-format on

uint64_t size_of(const image::Image& image, const Digest& diff_id)
{
    for (const image::LayerInfo& layer : image.layers)
        if (layer.diff_id == diff_id)
            return layer.size;
    return 0;
}

// On one line, as docker shows it.
String created_by(const String& text, bool whole)
{
    String line = text;
    for (char& c : line)
        if (c == '\t' || c == '\n')
            c = ' ';
    if (whole || line.size() <= kMaxCreatedBy)
        return line;
    size_t end = kMaxCreatedBy - 1;
    while (end > 0 && (line[end] & 0xc0) == 0x80)
        end--;
    return line.substr(0, end) + "\u2026";
}

Result<int> history(const HistoryFlags& flags, const Context& context, Arguments operands)
{
    image::Store store = TRY(open_store(context));
    image::Image image = TRY(store.find(operands[0]));
    Vector<image::History> steps = TRY(store.history(image.id));
    Vector<Row> rows;
    size_t layer = 0;
    for (const image::History& step : steps) {
        uint64_t size = 0;
        if (!step.empty_layer && layer < image.config.diff_ids.size())
            size = size_of(image, image.config.diff_ids[layer++]);
        rows.push_back(
            {"<missing>", flags.human ? age_of(step.created) : step.created, step.created,
             created_by(step.created_by, flags.no_trunc),
             flags.human ? human_size(size) : str::format("%llu", (unsigned long long)size),
             step.comment});
    }
    std::reverse(rows.begin(), rows.end());
    if (!rows.empty())
        rows.front()[0] = id_of(image.id, flags.no_trunc);
    TRY(print_rows(kHistoryColumns, rows, flags.quiet ? "{{.ID}}" : flags.format));
    return 0;
}

}  // namespace

extern const Command kImages = {
    .name = "images",
    .operands = "[NAME]",
    .summary = "List images"_help,
    .details = "NAME may have wildcards: 'al*', 'alpine:3.*'.\n"_help,
    .flags = kImagesFlags,
    .offer = Offer::images,
    .run = with_context<ImagesFlags, images>,
};

extern const Command kHistory = {
    .name = "history",
    .operands = "IMAGE",
    .summary = "Show how an image was made"_help,
    .details =
        "The newest step comes first.  SIZE is that of the files in the step's layer.\n"_help,
    .flags = kHistoryFlags,
    .offer = Offer::images,
    .run = with_context<HistoryFlags, history>,
};

}  // namespace kist::cli
