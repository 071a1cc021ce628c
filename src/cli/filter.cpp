// filter.cpp - docker's --filter KEY=VALUE: a row for each key.

#include "cli/filter.h"

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/labels.h"
#include "cli/network.h"
#include "network/ports.h"

namespace kist::cli {

struct FilterKey {
    const char* name;
    unsigned uses;  // bits of FilterUse
    bool all;       // every condition of it must hold, not just one
    bool (*match)(const Listed& listed, size_t place, const Condition& condition);
    Result<void> (*prepare)(Condition& condition, const Context& context,
                            const Vector<Listed>& all) = nullptr;
};

namespace {

constexpr unsigned kList = 1 << unsigned(FilterUse::list), kPrune = 1 << unsigned(FilterUse::prune);

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

Result<void> check_ports(Condition& condition, const Context&, const Vector<Listed>&)
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

Result<void> read_exit_code(Condition& condition, const Context&, const Vector<Listed>&)
{
    condition.number = TRY(str::to_integer(condition.value));
    return {};
}

Result<void> check_state(Condition& condition, const Context&, const Vector<Listed>&)
{
    constexpr std::string_view kStates = " created running paused restarting removing exited dead ";
    if (kStates.find(" " + condition.value + " ") == kStates.npos)
        return Error(EINVAL, "there is no such state").with_hint("states are" + String(kStates));
    return {};
}

Result<void> read_time(Condition& condition, const Context&, const Vector<Listed>&)
{
    if (auto time = clock::from_text(condition.value))
        condition.number = *time;
    else if (auto seconds = str::to_integer(condition.value))
        condition.number = *seconds;
    else
        condition.number =
            clock::now() - TRY(clock::parse_duration(condition.value)) / 1'000'000'000;
    return {};
}

Result<void> find_place(Condition& condition, const Context&, const Vector<Listed>& all)
{
    for (size_t i = 0; i < all.size(); i++)
        if (all[i].spec.name == condition.value || all[i].spec.id.starts_with(condition.value)) {
            condition.number = static_cast<int64_t>(i);
            return {};
        }
    return Error(ENOENT, "no container \"%s\"", condition.value.c_str())
        .with_hint("\"kist ps -a\" lists them");
}

Result<void> find_image(Condition& condition, const Context& context, const Vector<Listed>&)
{
    image::Store store = TRY(open_store(context));
    auto image = store.find(condition.value);
    if (!image)
        return {};  // nothing descends from it
    condition.id = image->id.text();
    for (const image::LayerInfo& layer : image->layers)
        condition.layers.push_back(layer.number);
    return {};
}

using L = const Listed&;
using C = const Condition&;

// clang-format off
constexpr FilterKey kKeys[] = {
    {"ancestor", kList, false, [](L l, size_t, C c) { return descends(l, c) || l.spec.image == c.value; }, find_image},
    {"before",   kList, false, [](L, size_t place, C c) { return int64_t(place) > c.number; }, find_place},
    {"exited",   kList, false, [](L l, size_t, C c) { return l.state.status == container::Status::exited && l.state.exit_code == c.number; }, read_exit_code},
    {"expose",   kList, false, [](L l, size_t, C c) { return publishes(l, c, true); }, check_ports},
    {"health",   kList, false, [](L l, size_t, C c) { return c.value == (l.health.empty() ? "none" : l.health); }},
    {"id",       kList, false, [](L l, size_t, C c) { return l.spec.id.starts_with(c.value); }},
    {"label",    kList | kPrune, true, [](L l, size_t, C c) { return has_label(l.spec.labels, c.value); }},
    {"label!",   kList | kPrune, true, [](L l, size_t, C c) { return !has_label(l.spec.labels, c.value); }},
    {"name",     kList, false, [](L l, size_t, C c) { return l.spec.name.find(c.value) != String::npos; }},
    {"network",  kList, false, [](L l, size_t, C c) { return is_on(l, c.value); }},
    {"publish",  kList, false, [](L l, size_t, C c) { return publishes(l, c, false); }, check_ports},
    {"since",    kList, false, [](L, size_t place, C c) { return int64_t(place) < c.number; }, find_place},
    {"status",   kList, false, [](L l, size_t, C c) { return is_state(l, c.value); }, check_state},
    {"until",    kPrune, true, [](L l, size_t, C c) { auto at = clock::from_text(l.spec.created); return at && *at < c.number; }, read_time},
    {"volume",   kList, false, [](L l, size_t, C c) { return has_volume(l, c.value); }},
};
// clang-format on

Result<const FilterKey*> find_key(std::string_view name, FilterUse use)
{
    String known;
    for (const FilterKey& key : kKeys)
        if (key.uses & 1U << unsigned(use)) {
            if (name == key.name)
                return &key;
            known += (known.empty() ? "" : ", ") + String(key.name);
        }
    return Error(EINVAL, "--filter: \"%.*s\" is not known", int(name.size()), name.data())
        .with_hint("filters are " + known + ", each with =VALUE");
}

}  // namespace

Result<Filters> Filters::parse(const Vector<String>& words, FilterUse use, const Context& context,
                               const Vector<Listed>& all)
{
    Filters filters;
    for (const String& word : words) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        Condition condition = {TRY(find_key(name, use)), String(value)};
        if (condition.key->prepare)
            TRY(condition.key->prepare(condition, context, all), "--filter %s", word.c_str());
        filters.conditions_.push_back(std::move(condition));
    }
    return filters;
}

bool Filters::match(const Listed& listed, size_t place) const
{
    for (const FilterKey& key : kKeys) {
        bool asked = false, one = false, every = true;
        for (const Condition& condition : conditions_)
            if (condition.key == &key) {
                bool holds = key.match(listed, place, condition);
                asked = true;
                one |= holds;
                every &= holds;
            }
        if (asked && !(key.all ? every : one))
            return false;
    }
    return true;
}

bool Filters::reach_beyond_running() const
{
    for (const Condition& condition : conditions_)
        if (std::string_view(condition.key->name) == "status" ||
            std::string_view(condition.key->name) == "exited")
            return true;
    return false;
}

}  // namespace kist::cli
