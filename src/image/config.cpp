// config.cpp - an image's configuration (OCI image-spec, config.md).

#include "image/config.h"

#include "base/relocate.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::image {

namespace {

struct RootFs {
    String type;
    Vector<Digest> diff_ids;
};

struct Past {
    Vector<History> history;
};

struct Whole {
    Whole() = default;
    Whole(Whole&& other) noexcept : Whole() { swap_with(*this, other); }

    String os, architecture, variant;
    String created, author;
    Execution execution;
    RootFs rootfs;
};

std::span<const json::Field> fields_of(const RootFs*);

// clang-format off
constexpr json::Field kHealthcheck[] = {
    json::field<&Healthcheck::test>          ("Test",          json::optional),
    json::field<&Healthcheck::interval>      ("Interval",      json::optional),
    json::field<&Healthcheck::timeout>       ("Timeout",       json::optional),
    json::field<&Healthcheck::start_period>  ("StartPeriod",   json::optional),
    json::field<&Healthcheck::start_interval>("StartInterval", json::optional),
    json::field<&Healthcheck::retries>       ("Retries",       json::optional),
};
constexpr json::Field kExecution[] = {
    json::field<&Execution::user>             ("User",         json::optional),
    json::field<&Execution::env>              ("Env",          json::optional),
    json::field<&Execution::entrypoint>       ("Entrypoint",   json::optional),
    json::field<&Execution::cmd>              ("Cmd",          json::optional),
    json::field<&Execution::working_directory>("WorkingDir",   json::optional),
    json::field<&Execution::volumes>          ("Volumes",      json::optional),
    json::field<&Execution::exposed_ports>    ("ExposedPorts", json::optional),
    json::field<&Execution::labels>           ("Labels",       json::optional),
    json::field<&Execution::stop_signal>      ("StopSignal",   json::optional),
    json::field<&Execution::healthcheck>      ("Healthcheck",  json::optional),
};
constexpr json::Field kHistory[] = {
    json::field<&History::created>    ("created",     json::optional),
    json::field<&History::created_by> ("created_by",  json::optional),
    json::field<&History::author>     ("author",      json::optional),
    json::field<&History::comment>    ("comment",     json::optional),
    json::field<&History::empty_layer>("empty_layer", json::optional),
};
constexpr json::Field kPast[] = {
    json::field<&Past::history>("history", json::optional),
};
constexpr json::Field kRootFs[] = {
    json::field<&RootFs::type>    ("type",     json::optional),
    json::field<&RootFs::diff_ids>("diff_ids", json::optional),
};
constexpr json::Field kWhole[] = {
    json::field<&Whole::os>          ("os"),
    json::field<&Whole::architecture>("architecture"),
    json::field<&Whole::variant>     ("variant", json::optional),
    json::field<&Whole::created>     ("created", json::optional),
    json::field<&Whole::author>      ("author",  json::optional),
    json::field<&Whole::execution>   ("config",  json::optional),
    json::field<&Whole::rootfs>      ("rootfs"),
};
// clang-format on

std::span<const json::Field> fields_of(const RootFs*)
{
    return kRootFs;
}
std::span<const json::Field> fields_of(const Past*)
{
    return kPast;
}
std::span<const json::Field> fields_of(const Whole*)
{
    return kWhole;
}

// Whatever an image says, it stays of a size that a small board can hold.
Result<void> check_limits(const Config& config)
{
    const Execution& execution = config.execution;
    const struct {
        const char* name;
        size_t count, limit;
    } kLists[] = {
        {"Cmd", execution.cmd.size(), kMaxExecutionItems},
        {"Entrypoint", execution.entrypoint.size(), kMaxExecutionItems},
        {"Env", execution.env.size(), kMaxExecutionItems},
        {"ExposedPorts", execution.exposed_ports.size(), kMaxExecutionItems},
        {"Labels", execution.labels.size(), kMaxExecutionItems},
        {"Volumes", execution.volumes.size(), kMaxExecutionItems},
        {"diff_ids", config.diff_ids.size(), kMaxLayers},
    };
    for (auto& list : kLists)
        if (list.count > list.limit)
            return Error(E2BIG, "%s has %zu elements; %zu are allowed", list.name, list.count,
                         list.limit);
    return {};
}

}  // namespace

std::span<const json::Field> fields_of(const Healthcheck*)
{
    return kHealthcheck;
}
std::span<const json::Field> fields_of(const Execution*)
{
    return kExecution;
}

std::span<const json::Field> fields_of(const History*)
{
    return kHistory;
}

Result<Vector<History>> parse_history(String text)
{
    Past past = TRY(json::parse<Past>(std::move(text)));
    if (past.history.size() > kMaxHistory)
        return Error(E2BIG, "history has %zu elements; %zu are allowed", past.history.size(),
                     kMaxHistory);
    return std::move(past.history);
}

Config::Config() = default;
Config::Config(Config&& other) noexcept : Config()  // moving is there once
{
    *this = std::move(other);
}
Config& Config::operator=(Config&&) noexcept = default;
Config::~Config() = default;

Result<Config> Config::parse(String text)
{
    if (text.size() > kMaxConfig)
        return Error(E2BIG, "it has %zu bytes; %zu are allowed", text.size(), kMaxConfig);
    Whole whole = TRY(json::parse<Whole>(std::move(text)));
    if (!whole.rootfs.type.empty() && whole.rootfs.type != "layers")
        return Error(EBADMSG, "rootfs.type: expected \"layers\"");
    Config config;
    config.platform = {.os = std::move(whole.os),
                       .architecture = std::move(whole.architecture),
                       .variant = std::move(whole.variant)};
    config.platform.normalise();
    config.created = std::move(whole.created);
    config.author = std::move(whole.author);
    swap_with(config.execution, whole.execution);
    config.diff_ids = std::move(whole.rootfs.diff_ids);
    TRY(check_limits(config));
    return config;
}

}  // namespace kist::image
