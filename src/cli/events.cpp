// events.cpp - what happens to containers, images, volumes and networks.

#include "service/events.h"
#include "cli/say.h"

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/filter.h"
#include "cli/labels.h"
#include "cli/moment.h"
#include "cli/template.h"

namespace kist::cli {

namespace {

using service::Event;

struct EventsFlags {
    Vector<String> filters;
    String format, since, until;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&EventsFlags::filters>('f', "filter", "KEY=VALUE", "Only those of this container, image, volume, network, label, type or event"_help),
    flag<&EventsFlags::format> (0,   "format", "FORMAT",    "json, or a template such as '{{.Action}} {{.Actor.Attributes.name}}'"_help),
    flag<&EventsFlags::since>  (0,   "since",  "TIME",      "Show those from then on, too: 2026-11-22T10:04:05Z, or 10m (ago)"_help),
    flag<&EventsFlags::until>  (0,   "until",  "TIME",      "End then"_help),
};
// clang-format on

std::string_view attribute(const Event& event, std::string_view name)
{
    for (auto& [key, value] : event.attributes)
        if (key == name)
            return value;
    return {};
}

// By id, name, or the beginning of one.
bool is_actor(const Event& event, std::string_view type, std::string_view value)
{
    if (event.type == type)
        return event.id.starts_with(value) || attribute(event, "name").starts_with(value);
    std::string_view other = attribute(event, type);  // a volume is mounted into a container
    return !other.empty() && other.starts_with(value);
}

bool is_image(const Event& event, std::string_view value)
{
    std::string_view name = attribute(event, event.type == "image" ? "name" : "image");
    std::string_view untagged = name.substr(0, name.find_first_of(":@", name.rfind('/') + 1));
    return name == value || untagged == value || (event.type == "image" && event.id == value);
}

// "health_status" means "health_status: healthy", too.
bool is_action(const Event& event, std::string_view value)
{
    return event.action == value || event.action.substr(0, event.action.find(": ")) == value;
}

const Event& of(const void* seen)
{
    return *static_cast<const Event*>(seen);
}

using S = const void*;
using C = const Condition&;
using enum FilterUse;

// clang-format off
constexpr FilterKey kFilters[] = {
    {"container", list, false, [](S s, C c) { return is_actor(of(s), "container", c.value); }},
    {"event",     list, false, [](S s, C c) { return is_action(of(s), c.value); }},
    {"image",     list, false, [](S s, C c) { return is_image(of(s), c.value); }},
    {"label",     list, true,  [](S s, C c) { return has_label(of(s).attributes, c.value); }},
    {"network",   list, false, [](S s, C c) { return is_actor(of(s), "network", c.value); }},
    {"type",      list, false, [](S s, C c) { return of(s).type == c.value; }},
    {"volume",    list, false, [](S s, C c) { return is_actor(of(s), "volume", c.value); }},
};
// clang-format on

// 2026-11-22T10:04:05.123456789Z container start ID (image=alpine, name=web)
String plain_text(const Event& event)
{
    String text = clock::to_text(event.time / 1'000'000'000);
    text.pop_back();
    text += str::format(".%09uZ %s %s %s", unsigned(event.time % 1'000'000'000), event.type.c_str(),
                        event.action.c_str(), event.id.c_str());
    Vector<String> attributes;
    for (auto& [name, value] : event.attributes) {
        auto place = attributes.begin();
        String each = name + "=" + value;
        while (place != attributes.end() && *place < each)
            place++;
        attributes.insert(place, std::move(each));
    }
    const char* separator = " (";
    for (const String& each : attributes) {
        text += separator + each;
        separator = ", ";
    }
    return attributes.empty() ? text : text + ")";
}

// By the names that templates use.
String fields_text(const Event& event)
{
    json::Text out;
    out.begin('{');
    auto member = [&](const char* name, const String& value) {
        out.name(name);
        out.text(value);
    };
    member("Status", event.action);
    member("ID", event.id);
    member("From", String(attribute(event, "image")));
    member("Type", event.type);
    member("Action", event.action);
    out.name("Actor");
    out.begin('{');
    member("ID", event.id);
    out.name("Attributes");
    out.begin('{');
    for (auto& [name, value] : event.attributes)
        member(name.c_str(), value);
    out.end('}');
    out.end('}');
    member("Scope", "local");
    out.name("Time");
    out.integer(event.time / 1'000'000'000);
    out.name("TimeNano");
    out.integer(event.time);
    out.end('}');
    return std::move(out).take();
}

Result<String> formatted(const Event& event, const String& format)
{
    if (format.empty())
        return plain_text(event);
    String whole = service::to_json(event);
    if (format == "json")
        return whole;
    auto document = TRY(json::Document::parse(fields_text(event)));
    return render_template(format, {.root = document.root(), .whole = whole});
}

Result<int> events(const EventsFlags& flags, const Context& context, Arguments)
{
    int64_t now = clock::now_nanos();
    int64_t since = flags.until.empty() ? now : 0, until = INT64_MAX;
    if (!flags.since.empty())
        since = TRY(parse_moment(flags.since, now), "--since");
    if (!flags.until.empty())
        until = TRY(parse_moment(flags.until, now), "--until");
    Conditions conditions = TRY(parse_filters(kFilters, flags.filters, list));
    TRY(check_template(flags.format));
    TRY(service::read_events(context.places, since, until, [&](const Event& event) -> Result<void> {
        if (!match_filters(conditions, &event))
            return {};
        say_line(TRY(formatted(event, flags.format)));
        return flush();
    }));
    return 0;
}

}  // namespace

extern const Command kEvents = {
    .name = "events",
    .operands = "",
    .summary = "Show what happens to containers, images, volumes and networks"_help,
    .details =
        "Ends with --until, or when it is interrupted.  What happened before a reboot is "
        "gone.\n"_help,
    .flags = kFlags,
    .run = with_context<EventsFlags, events>,
};

}  // namespace kist::cli
