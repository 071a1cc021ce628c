// container_filter.cpp - docker's --filter KEY=VALUE, for what deals with containers.

#include "cli/container_filter.h"

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/labels.h"
#include "cli/network.h"
#include "network/ports.h"

namespace kist::cli {

namespace {

// What values are about.
struct Around {
    const Context& context;
    const Vector<Listed>& all;
};

bool is_on(const Listed& listed, const String& wanted)
{
    for (const String& name : network_names(listed.spec))
        if (name == wanted)
            return true;
    for (const network::Endpoint& endpoint : listed.wiring.endpoints)
        if (endpoint.network_id.starts_with(wanted))
            return true;
    return false;
}

bool has_port(const Vector<network::Port>& ports, const Vector<network::Port>& wanted)
{
    for (const network::Port& port : ports)
        for (const network::Port& each : wanted)
            if (port.container_port == each.container_port && port.protocol == each.protocol)
                return true;
    return false;
}

// Of those that it publishes, or of these and those that it only exposes.
bool publishes(const Listed& listed, const Condition& condition, bool exposes)
{
    Vector<network::Port> wanted, exposed;
    (void)network::add_exposed(wanted, condition.value);
    for (const String& word : listed.spec.exposed)
        if (exposes)
            (void)network::add_exposed(exposed, word);
    return has_port(listed.spec.published, wanted) || has_port(exposed, wanted);
}

Result<void> check_ports(Condition& condition, const void*)
{
    Vector<network::Port> ports;
    return network::add_exposed(ports, condition.value);
}

bool has_volume(const Listed& listed, const String& wanted)
{
    for (const container::Mount& mount : listed.spec.mounts)
        if (mount.source == wanted || mount.target == wanted)
            return true;
    return false;
}

bool is_state(const Listed& listed, const String& wanted)
{
    // docker calls a paused one running, too.
    return wanted == state_word(listed) || (wanted == "running" && listed.paused);
}

bool descends(const Listed& listed, const Condition& condition)
{
    if (!condition.id.empty() && listed.spec.image_id == condition.id)
        return true;
    const auto& own = listed.spec.layers;
    const auto& theirs = condition.layers;
    return !theirs.empty() && own.size() > theirs.size() &&
           std::equal(theirs.begin(), theirs.end(), own.begin());
}

Result<void> read_exit_code(Condition& condition, const void*)
{
    condition.number = TRY(str::to_integer(condition.value));
    return {};
}

Result<void> check_state(Condition& condition, const void*)
{
    constexpr std::string_view kStates = " created running paused restarting removing exited dead ";
    if (kStates.find(" " + condition.value + " ") == kStates.npos)
        return Error(EINVAL, "there is no such state").with_hint("states are" + String(kStates));
    return {};
}

Result<void> find_place(Condition& condition, const void* where)
{
    const Vector<Listed>& all = static_cast<const Around*>(where)->all;
    for (size_t i = 0; i < all.size(); i++)
        if (all[i].spec.name == condition.value || all[i].spec.id.starts_with(condition.value)) {
            condition.number = static_cast<int64_t>(i);
            return {};
        }
    return Error(ENOENT, "no container \"%s\"", condition.value.c_str())
        .with_hint("\"kist ps -a\" lists them");
}

Result<void> find_image(Condition& condition, const void* where)
{
    image::Store store = TRY(open_store(static_cast<const Around*>(where)->context));
    auto image = store.find(condition.value);
    if (!image)
        return {};  // nothing descends from it
    condition.id = image->id.text();
    for (const image::LayerInfo& layer : image->layers)
        condition.layers.push_back(layer.number);
    return {};
}

const Listed& of(const void* seen)
{
    return static_cast<const SeenContainer*>(seen)->listed;
}

int64_t place_of(const void* seen)
{
    return static_cast<int64_t>(static_cast<const SeenContainer*>(seen)->place);
}

using S = const void*;
using C = const Condition&;
using enum FilterUse;

// clang-format off
constexpr FilterKey kKeys[] = {
    {"ancestor", list, false, [](S s, C c) { return descends(of(s), c) || of(s).spec.image == c.value; }, find_image},
    {"before",   list, false, [](S s, C c) { return place_of(s) > c.number; }, find_place},
    {"exited",   list, false, [](S s, C c) { return of(s).state.status == container::Status::exited && of(s).state.exit_code == c.number; }, read_exit_code},
    {"expose",   list, false, [](S s, C c) { return publishes(of(s), c, true); }, check_ports},
    {"health",   list, false, [](S s, C c) { return c.value == (of(s).health.empty() ? "none" : of(s).health); }},
    {"id",       list, false, [](S s, C c) { return of(s).spec.id.starts_with(c.value); }},
    {"label",    both, true, [](S s, C c) { return has_label(of(s).spec.labels, c.value); }},
    {"label!",   both, true, [](S s, C c) { return !has_label(of(s).spec.labels, c.value); }},
    {"name",     list, false, [](S s, C c) { return match_name(of(s).spec.name, c.value); }},
    {"network",  list, false, [](S s, C c) { return is_on(of(s), c.value); }},
    {"publish",  list, false, [](S s, C c) { return publishes(of(s), c, false); }, check_ports},
    {"since",    list, false, [](S s, C c) { return place_of(s) < c.number; }, find_place},
    {"status",   list, false, [](S s, C c) { return is_state(of(s), c.value); }, check_state},
    {"until",    prune, true, [](S s, C c) { auto at = clock::from_text(of(s).spec.created); return at && *at < c.number; }, read_time},
    {"volume",   list, false, [](S s, C c) { return has_volume(of(s), c.value); }},
};
// clang-format on

}  // namespace

Result<Conditions> parse_container_filters(const Vector<String>& words, FilterUse use,
                                           const Context& context, const Vector<Listed>& all)
{
    Around around = {context, all};
    return parse_filters(kKeys, words, use, &around);
}

bool match_container(const Conditions& conditions, const SeenContainer& seen)
{
    return match_filters(conditions, &seen);
}

bool reach_beyond_running(const Conditions& conditions)
{
    for (const Condition& condition : conditions)
        if (std::string_view(condition.key->name) == "status" ||
            std::string_view(condition.key->name) == "exited")
            return true;
    return false;
}

}  // namespace kist::cli
