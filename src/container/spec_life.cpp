// spec_life.cpp - restart policy, health check and log, as docker's flags and images word them.

#include "container/spec_life.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "container/log_syslog.h"
#include "container/names.h"
#include "container/spec_words.h"

namespace kist::container {

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // in nanoseconds
constexpr int64_t kShortest = 1'000'000;    // docker's least interval, 1 ms
constexpr unsigned kMaxLogFiles = 1000;
constexpr uint64_t kMinLogFile = 4 << 10;

// clang-format off
constexpr struct { const char* name; Restart::Policy policy; } kPolicies[] = {
    {"no",             Restart::Policy::no},
    {"on-failure",     Restart::Policy::on_failure},
    {"always",         Restart::Policy::always},
    {"unless-stopped", Restart::Policy::unless_stopped},
};

constexpr struct { const char* name; LogPlan::Driver driver; } kDrivers[] = {
    {"json-file", LogPlan::Driver::json_file},
    {"syslog",    LogPlan::Driver::syslog},
    {"ring",      LogPlan::Driver::ring},
    {"none",      LogPlan::Driver::none},
};

constexpr struct { const char* name; HealthPlan::OnFailure action; } kActions[] = {
    {"none",    HealthPlan::OnFailure::none},
    {"kill",    HealthPlan::OnFailure::kill},
    {"restart", HealthPlan::OnFailure::restart},
    {"stop",    HealthPlan::OnFailure::stop},
};

// A time of the health check: the flag, the image's word for it, and what holds without both.
struct HealthTime {
    const char* flag;
    String RunOptions::*asked;
    int64_t image::Healthcheck::*image;
    int64_t HealthPlan::*settled;
    int64_t usual;
};
constexpr HealthTime kTimes[] = {
    {"health-interval", &RunOptions::health_interval, &image::Healthcheck::interval,
     &HealthPlan::interval, 30 * kSecond},
    {"health-timeout", &RunOptions::health_timeout, &image::Healthcheck::timeout,
     &HealthPlan::timeout, 30 * kSecond},
    {"health-start-period", &RunOptions::health_start_period, &image::Healthcheck::start_period,
     &HealthPlan::start_period, 0},
    {"health-start-interval", &RunOptions::health_start_interval, &image::Healthcheck::start_interval,
     &HealthPlan::start_interval, 5 * kSecond},
};
// clang-format on

Result<void> settle_health_times(HealthPlan& plan, const RunOptions& options,
                                 const image::Healthcheck& image)
{
    for (const HealthTime& row : kTimes) {
        int64_t& time = plan.*row.settled;
        time = image.*row.image > 0 ? image.*row.image : row.usual;
        const String& asked = options.*row.asked;
        if (asked.empty())
            continue;
        time = TRY(clock::parse_duration(asked), "--%s", row.flag);
        if (time == 0)
            time = row.usual;
        else if (time < kShortest)
            return Error(EINVAL, "--%s %s: less than 1ms", row.flag, asked.c_str());
    }
    return {};
}

Result<void> settle_health(Spec& spec, const RunOptions& options, const image::Execution& image)
{
    const image::Healthcheck nothing;
    const image::Healthcheck& given = image.healthcheck ? *image.healthcheck : nothing;
    HealthPlan plan;
    plan.test = given.test;
    if (!options.health_cmd.empty())
        plan.test = {"CMD-SHELL", options.health_cmd};
    bool changed = !options.health_interval.empty() || !options.health_timeout.empty() ||
                   !options.health_start_period.empty() || options.health_retries ||
                   !options.health_on_failure.empty() || !options.health_start_interval.empty();
    if (options.no_healthcheck && (!options.health_cmd.empty() || changed))
        return Error(EINVAL, "--no-healthcheck cannot be combined with --health-* flags");
    if (options.health_cmd == "none" || options.no_healthcheck)
        return {};
    bool usable = plan.test.size() >= 2 && (plan.test[0] == "CMD" || plan.test[0] == "CMD-SHELL");
    if (!usable && changed)
        return Error(EINVAL, "--health-* flags, but there is no health check")
            .with_hint("the image has none; give one with --health-cmd");
    if (!usable)
        return {};
    TRY(settle_health_times(plan, options, given));
    plan.retries = given.retries > 0 ? unsigned(given.retries) : 3;
    if (options.health_retries) {
        if (*options.health_retries < 0)
            return Error(EINVAL, "--health-retries %d: must not be negative",
                         *options.health_retries);
        if (*options.health_retries > 0)
            plan.retries = unsigned(*options.health_retries);
    }
    bool known = options.health_on_failure.empty();
    for (const auto& row : kActions)
        if (options.health_on_failure == row.name)
            plan.on_failure = row.action, known = true;
    if (!known)
        return Error(EINVAL, "--health-on-failure %s: expected none, kill, restart or stop",
                     options.health_on_failure.c_str());
    spec.health = std::move(plan);
    return {};
}

Result<void> settle_log_option(LogPlan& log, const String& option)
{
    auto [name, value] = TRY(parse_pair(option, "log-opt"));
    if (name == "max-size") {
        if (value.starts_with('-'))
            return Error(EINVAL, "--log-opt max-size=%s: every log is bounded", value.c_str())
                .with_hint("a log without end fills the disk; give a size, for example 100m");
        log.max_size = TRY(str::to_bytes(value), "--log-opt max-size");
        if (log.max_size < kMinLogFile)
            return Error(EINVAL, "--log-opt max-size=%s: less than 4k", value.c_str());
    } else if (name == "max-file") {
        long long count = TRY(str::to_integer(value), "--log-opt max-file");
        if (count < 1 || count > kMaxLogFiles)
            return Error(EINVAL, "--log-opt max-file=%s: expected 1 to %u", value.c_str(),
                         kMaxLogFiles);
        log.max_files = unsigned(count);
    } else if (name == "tag") {
        log.tag = value;
    } else if (name == "syslog-address") {
        log.address = value;
    } else {
        return Error(EINVAL, "--log-opt %s is not known", name.c_str())
            .with_hint("there are max-size, max-file, tag and syslog-address");
    }
    return {};
}

Result<void> settle_log(Spec& spec, const RunOptions& options)
{
    bool known = options.log_driver.empty();
    for (const auto& row : kDrivers)
        if (options.log_driver == row.name)
            spec.log.driver = row.driver, known = true;
    if (!known)
        return Error(EINVAL, "--log-driver %s: expected json-file, syslog, ring or none",
                     options.log_driver.c_str());
    if (spec.log.driver == LogPlan::Driver::ring) {
        // It lives in memory.
        spec.log.max_size = 256 << 10;
        spec.log.max_files = 2;
    }
    for (const String& option : options.log_options)
        TRY(settle_log_option(spec.log, option));
    bool syslog = spec.log.driver == LogPlan::Driver::syslog;
    if (!spec.log.address.empty() && !syslog)
        return Error(EINVAL, "--log-opt syslog-address needs --log-driver syslog");
    return check_syslog_address(spec.log.address);
}

}  // namespace

Result<Restart> parse_restart(std::string_view text)
{
    std::string_view count = text;
    std::string_view name = str::cut(count, ':');
    Restart restart;
    for (const auto& row : kPolicies)
        if (name == row.name) {
            restart.policy = row.policy;
            if (name.size() == text.size())
                return restart;
            auto retries = str::to_integer(count);
            if (row.policy != Restart::Policy::on_failure || !retries || *retries < 0 ||
                *retries > INT32_MAX)
                break;
            restart.retries = unsigned(*retries);
            return restart;
        }
    return Error(EINVAL,
                 "--restart %.*s: expected no, on-failure[:COUNT], always or unless-stopped",
                 int(text.size()), text.data());
}

String to_text(const Restart& restart)
{
    for (const auto& row : kPolicies)
        if (row.policy == restart.policy)
            return restart.retries ? str::format("%s:%u", row.name, restart.retries) : row.name;
    return "no";  // unreachable: the table is complete
}

const char* to_text(LogPlan::Driver driver)
{
    for (const auto& row : kDrivers)
        if (row.driver == driver)
            return row.name;
    return "none";  // unreachable: the table is complete
}

Result<void> settle_life(Spec& spec, const RunOptions& options, const image::Execution& image)
{
    if (!options.restart.empty())
        spec.restart = TRY(parse_restart(options.restart));
    if (spec.remove && spec.restart.policy != Restart::Policy::no)
        return Error(EINVAL, "--rm and --restart contradict each other");
    if (options.stop_timeout) {
        if (*options.stop_timeout < -1)
            return Error(EINVAL, "--stop-timeout %d: expected seconds, or -1 to wait for ever",
                         *options.stop_timeout);
        spec.stop_timeout = unsigned(*options.stop_timeout);
    }
    for (const String& name : options.requirements) {
        TRY(check_name(name), "--requires");
        if (name == spec.name)
            return Error(EINVAL, "--requires %s: a container cannot require itself", name.c_str());
        spec.requirements.push_back(name);
    }
    TRY(settle_health(spec, options, image));
    return settle_log(spec, options);
}

}  // namespace kist::container
