// log_read.cpp - the lines that a container has printed, read back.

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_lines.h"
#include "base/string.h"
#include "container/log.h"
#include "container/log_files.h"

namespace kist::container {

namespace {

constexpr int kDyingMs = 20, kMaxDying = 250;  // how often, for how long

// Sleeps until there is something to look at.
class Patience {
public:
    explicit Patience(const LogQuery& query) : ended_(query.ended), until_(query.until) {}

    Result<void> wait(JsonLines& lines)
    {
        int64_t limit = -1;
        if (until_ != INT64_MAX)
            limit =
                std::clamp<int64_t>((until_ - clock::now_nanos()) / 1'000'000 + 1, 0, INT32_MAX);
        // A monitor's connections may be closed a moment before its lock is free.
        if (dying_ > 0) {
            dying_--;
            limit = kDyingMs;
        }
        if (TRY(lines.wait(ended_, int(limit)))) {
            ended_ = -1;
            dying_ = kMaxDying;
        }
        return {};
    }

private:
    int ended_;
    int64_t until_;
    int dying_ = 0;
};

bool is_asked_for(const LogLine& line, const LogQuery& query)
{
    if (query.since == 0 && query.until == INT64_MAX)
        return true;
    auto time = clock::nanos_from_text(line.time);
    return time && *time >= query.since && *time <= query.until;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line)
{
    auto document = json::Document::parse(String(line));
    if (!document)
        return {};
    auto log = document->root().find("log");
    auto stream = document->root().find("stream");
    auto time = document->root().find("time");
    if (!log || !log->is_string() || !time || !time->is_string())
        return {};
    bool errors = stream && stream->source() == "\"stderr\"";
    auto text = log->bytes();
    auto when = time->text();
    if (!text || !when)
        return {};
    return LogLine{errors ? Stream::errors : Stream::output, when.take(), text.take()};
}

Result<void> read_log(const Spec& spec, const Fd& directory, const Fd& volatile_directory,
                      const LogQuery& query,
                      const std::function<Result<void>(const LogLine&)>& take,
                      const std::function<bool()>& alive)
{
    bool ring = spec.log.driver == LogPlan::Driver::ring;
    if (!ring && spec.log.driver != LogPlan::Driver::json_file)
        return Error(ENOTSUP, "the log of \"%s\" cannot be read: its log driver is %s",
                     spec.name.c_str(), to_text(spec.log.driver))
            .with_hint("logs are kept by the drivers json-file and ring");
    JsonLines lines(ring ? volatile_directory : directory, kLogFile, spec.log.max_files);
    if (query.follow)
        TRY(lines.watch(&directory));
    if (query.tail >= 0)
        TRY(lines.seek_last(static_cast<unsigned long long>(query.tail)));
    Patience patience(query);
    for (bool last = !query.follow;;) {
        auto line = TRY(lines.next());
        if (line) {
            auto parsed = parse_log_line(*line);
            if (parsed && is_asked_for(*parsed, query))
                TRY(take(*parsed));
            continue;
        }
        if (last)
            return {};
        // What was written before the end is read after it is known.
        last = !alive() || clock::now_nanos() > query.until;
        if (!last)
            TRY(patience.wait(lines));
    }
}

}  // namespace kist::container
