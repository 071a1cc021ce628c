// log.cpp - from what a container writes to lines.

#include "container/log.h"

#include "base/string.h"
#include "container/log_files.h"
#include "container/log_syslog.h"

namespace kist::container {

namespace {

constexpr size_t kMaxLine = 16 << 10;

bool is_continuation(char byte)
{
    return (byte & 0xc0) == 0x80;  // of a UTF-8 character
}

// How many bytes of `bytes` complete the line of which `kept` are there already; 0: they do not.
size_t piece_of(size_t kept, std::string_view bytes, bool& partial)
{
    size_t room = kMaxLine - kept;
    size_t end = bytes.substr(0, room + 1).find('\n');
    partial = end == bytes.npos;
    if (!partial)
        return end + 1;
    if (bytes.size() <= room)
        return 0;
    // Not within a character, if it is text.
    size_t size = room;
    while (size > 1 && room - size < 3 && is_continuation(bytes[size]))
        size--;
    return size;
}

}  // namespace

struct Log::Driver {
    std::optional<LogFiles> files;
    std::optional<Syslog> syslog;
    String unfinished[2];

    void add(Stream stream, std::string_view text, bool partial)
    {
        if (files)
            files->add(stream, text, partial);
        else
            syslog->add(stream, text);
    }
    void send()
    {
        if (files)
            files->send();
    }
};

Log::Log(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Result<Log> Log::open(const Spec& spec, const Fd& directory, const Fd& volatile_directory)
{
    std::unique_ptr<Driver> driver;
    if (spec.log.driver != LogPlan::Driver::none)
        driver = std::make_unique<Driver>();
    switch (spec.log.driver) {
        case LogPlan::Driver::none: break;
        case LogPlan::Driver::syslog: driver->syslog = TRY(Syslog::open(spec)); break;
        case LogPlan::Driver::json_file:
            driver->files.emplace(directory, spec.log.max_size, spec.log.max_files);
            break;
        case LogPlan::Driver::ring:
            driver->files.emplace(volatile_directory, spec.log.max_size, spec.log.max_files);
            break;
    }
    return Log(std::move(driver));
}

void Log::write(Stream stream, std::string_view bytes)
{
    if (!driver_)
        return;
    String& kept = driver_->unfinished[size_t(stream)];
    while (!bytes.empty()) {
        bool partial = false;
        size_t size = piece_of(kept.size(), bytes, partial);
        if (size == 0) {
            kept += bytes;
            break;
        }
        if (kept.empty()) {
            driver_->add(stream, bytes.substr(0, size), partial);
        } else {
            kept += bytes.substr(0, size);
            driver_->add(stream, kept, partial);
            kept = String();
        }
        bytes.remove_prefix(size);
    }
    driver_->send();
}

void Log::flush()
{
    if (!driver_)
        return;
    for (Stream stream : {Stream::output, Stream::errors}) {
        String rest = std::move(driver_->unfinished[size_t(stream)]);
        if (!rest.empty())
            driver_->add(stream, rest, true);
        driver_->unfinished[size_t(stream)].clear();
    }
    driver_->send();
}

}  // namespace kist::container
