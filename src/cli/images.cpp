// images.cpp - images, history: what is in the store.

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
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

// What is asked for.  Names are alternatives; of the rest all must hold.
struct Wanted {
    Vector<String> patterns;
    Vector<String> labels;
    bool by_dangling = false, dangling = false;
    int64_t before = INT64_MAX, since = INT64_MIN;  // exclusive, when the image was made
};

Result<void> want_dangling(Wanted& wanted, const String& value, const image::Store&)
{
    wanted.by_dangling = true;
    return assign(wanted.dangling, value);
}
Result<void> want_label(Wanted& wanted, const String& value, const image::Store&)
{
    wanted.labels.push_back(value);
    return {};
}
Result<void> want_reference(Wanted& wanted, const String& value, const image::Store&)
{
    wanted.patterns.push_back(value);
    return {};
}
Result<void> want_before(Wanted& wanted, const String& value, const image::Store& store)
{
    image::Image image = TRY(store.find(value));
    wanted.before = std::min(wanted.before, seconds_of(image.config.created));
    return {};
}
Result<void> want_since(Wanted& wanted, const String& value, const image::Store& store)
{
    image::Image image = TRY(store.find(value));
    wanted.since = std::max(wanted.since, seconds_of(image.config.created));
    return {};
}

// clang-format off
constexpr struct {
    std::string_view key;
    Result<void> (*take)(Wanted& wanted, const String& value, const image::Store& store);
} kFilters[] = {
    {"before",    want_before},
    {"dangling",  want_dangling},
    {"label",     want_label},
    {"reference", want_reference},
    {"since",     want_since},
};
// clang-format on

Result<void> take_filter(Wanted& wanted, std::string_view filter, const image::Store& store)
{
    std::string_view rest = filter, key = str::cut(rest, '=');
    for (auto& known : kFilters)
        if (known.key == key && key.size() < filter.size())
            return known.take(wanted, String(rest), store);
    return Error(EINVAL,
                 "it is not one of before, dangling, label, reference and since with a \"=\"");
}

bool is_labelled(const image::Image& image, std::string_view wanted)
{
    std::string_view value = wanted, name = str::cut(value, '=');
    for (auto& [key, text] : image.config.execution.labels)
        if (key == name && (name.size() == wanted.size() || text == value))
            return true;
    return false;
}

bool is_wanted(const image::Image& image, const Wanted& wanted)
{
    for (const String& label : wanted.labels)
        if (!is_labelled(image, label))
            return false;
    int64_t created = seconds_of(image.config.created);
    return created < wanted.before && created > wanted.since;
}

// "alpine", "al*", "alpine:3.*", "docker.io/library/alpine".
bool fits(const registry::Reference& reference, const Wanted& wanted)
{
    String whole = reference.host + "/" + reference.repository;
    for (const String& pattern : wanted.patterns)
        for (const String& name :
             {reference.familiar_name(), reference.familiar(), whole, reference.text()})
            if (str::matches(pattern, name))
                return true;
    return wanted.patterns.empty();
}

// An image has a row for each of its tags; one that has none is "<none>", or known by digest alone.
Vector<Row> rows_of(const image::Image& image, bool whole_ids, const Wanted& wanted)
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
    Vector<Row> rows;
    String by_digest = kNone;
    bool tagged = false;
    for (const String& text : image.references) {
        auto reference = registry::Reference::parse(text);
        if (!reference)
            continue;
        tagged |= !reference->digest;
        if (!fits(*reference, wanted))
            continue;
        if (reference->digest)
            by_digest = reference->familiar_name();
        else
            rows.push_back(row(reference->familiar_name(), reference->tag));
    }
    if (wanted.by_dangling && wanted.dangling == tagged)
        return {};
    if (!tagged && (wanted.patterns.empty() || by_digest != kNone))
        rows.push_back(row(by_digest, kNone));
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
    Wanted wanted;
    for (const String& filter : flags.filters)
        TRY(take_filter(wanted, filter, store), "--filter %s", filter.c_str());
    wanted.patterns.insert(wanted.patterns.end(), operands.begin(), operands.end());
    Images all = TRY(store.images());
    Vector<const image::Image*> order;
    for (const image::Image& image : all)
        if (is_wanted(image, wanted))
            order.push_back(&image);
    if (!order.empty())
        ::qsort(order.data(), order.size(), sizeof order[0], newer_first);
    Vector<Row> rows;
    for (const image::Image* image : order)
        for (Row& row : rows_of(*image, flags.no_trunc, wanted))
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
