// events.cpp - the file that every process of a user appends its events to.
//
// An event is one write(2) with O_APPEND, so events never mix.  Who appends holds a shared lock on
// the file, and who renames it an exclusive one: nothing is added to a file that readers
// (base/json_lines.h) have left behind.  Nobody waits for these locks for long.

#include "service/events.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json_lines.h"
#include "base/string.h"

namespace kist::service {

namespace {

constexpr const char* kFile = "events.json";
constexpr const char* kOlder = "events.json.1";
constexpr off_t kMaxFile = 512 << 10;
constexpr size_t kMaxEvent = 32 << 10;  // labels may be large
constexpr int kAttempts = 10;

struct Actor {
    String id;
    json::Map attributes;
};
constexpr json::Field kActor[] = {
    json::field<&Actor::id>("ID"),
    json::field<&Actor::attributes>("Attributes", json::optional),
};
std::span<const json::Field> fields_of(const Actor*)
{
    return kActor;
}

struct Record {
    String status, id, from;  // of older clients of docker
    String type, action;
    Actor actor;
    String scope;
    int64_t time = 0, time_nano = 0;
};
constexpr json::Field kRecord[] = {
    json::field<&Record::status>("status", json::optional),
    json::field<&Record::id>("id", json::optional),
    json::field<&Record::from>("from", json::optional),
    json::field<&Record::type>("Type"),
    json::field<&Record::action>("Action"),
    json::field<&Record::actor>("Actor"),
    json::field<&Record::scope>("scope", json::optional),
    json::field<&Record::time>("time", json::optional),
    json::field<&Record::time_nano>("timeNano"),
};
std::span<const json::Field> fields_of(const Record*)
{
    return kRecord;
}

String line_of(Event event)
{
    if (event.time == 0)
        event.time = clock::now_nanos();
    String line = to_json(event);
    if (line.size() > kMaxEvent) {
        erase_if(event.attributes, [](auto& attribute) {
            return attribute.first != "name" && attribute.first != "image" &&
                   attribute.first != "exitCode";
        });
        line = to_json(event);
    }
    return line + "\n";
}

bool is_current(const Fd& directory, const struct stat& file)
{
    auto current = sys::stat_at(directory, kFile);
    return current && current->st_ino == file.st_ino;
}

// False: somebody is renaming the file.
bool append(const Fd& directory, const String& line, bool last_attempt)
{
    auto file = sys::open_at(directory, kFile, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
    if (!file)
        return true;
    auto locked = sys::try_lock(*file, sys::Lock::shared);
    auto facts = sys::stat(*file);
    if (!facts)
        return true;
    bool good = locked && *locked && is_current(directory, *facts);
    if (!good && !last_attempt)
        return false;
    // A full state directory may have torn the line before.
    char last = '\n';
    bool torn = facts->st_size > 0 && ::pread(file->get(), &last, 1, facts->st_size - 1) == 1 &&
                last != '\n';
    String text = torn ? "\n" + line : line;
    (void)!sys::retry([&] { return ::write(file->get(), text.data(), text.size()); });
    if (facts->st_size + off_t(text.size()) <= kMaxFile)
        return true;
    // With somebody else about, it is theirs to do, or the next one's.
    auto alone = sys::try_lock(*file, sys::Lock::exclusive);
    if (alone && *alone && is_current(directory, *facts))
        (void)sys::rename_at(directory, kFile, kOlder);
    return true;
}

}  // namespace

String to_json(const Event& event)
{
    Record record;
    if (event.type == "container" || event.type == "image") {
        record.status = event.action;
        record.id = event.id;
    }
    if (event.type == "container")
        for (auto& [name, value] : event.attributes)
            if (name == "image")
                record.from = value;
    record.type = event.type;
    record.action = event.action;
    record.actor = {event.id, event.attributes};
    record.scope = "local";
    record.time = event.time / 1'000'000'000;
    record.time_nano = event.time;
    return json::write(record);
}

Result<Event> event_from_json(String text)
{
    auto record = TRY(json::parse<Record>(std::move(text)));
    return Event{std::move(record.type), std::move(record.action), std::move(record.actor.id),
                 std::move(record.actor.attributes), record.time_nano};
}

void emit(const image::Places& places, const Event& event)
{
    auto directory = fs::make_directories(places.state, 0700);
    if (!directory)
        return;
    String line = line_of(event);
    for (int attempt = 1; !append(*directory, line, attempt == kAttempts); attempt++)
        (void)::poll(nullptr, 0, 1);
}

Result<void> read_events(const image::Places& places, int64_t since, int64_t until,
                         const std::function<Result<void>(const Event&)>& take)
{
    Fd directory = TRY(fs::make_directories(places.state, 0700), "cannot use the state directory");
    JsonLines lines(directory, kFile, 2);
    bool last = until <= clock::now_nanos();
    if (!last)
        TRY(lines.watch());
    for (;;) {
        auto line = TRY(lines.next());
        if (line) {
            auto event = event_from_json(String(*line));
            if (event && event->time >= since && event->time <= until)
                TRY(take(*event));
            continue;
        }
        if (last)
            return {};
        int64_t rest = (until - clock::now_nanos()) / 1'000'000;
        last = rest < 0;
        if (!last)
            TRY(lines.wait(
                -1, until == INT64_MAX ? -1 : int(std::min<int64_t>(rest, INT32_MAX - 1)) + 1));
    }
}

}  // namespace kist::service
