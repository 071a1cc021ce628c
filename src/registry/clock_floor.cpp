// clock_floor.cpp - the floor under the clock.

#include "registry/clock_floor.h"

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/string.h"
#include "version.h"

namespace kist::registry {

namespace {

constexpr int64_t kDay = 86400;

int64_t kept_in(const String& file)
{
    if (file.empty())
        return 0;
    auto text = fs::read_path(file, 64);
    if (!text)
        return 0;
    auto time = clock::from_text(str::trim(*text));
    if (!time)
        log::debug("%s does not hold a time", file.c_str());
    return time ? *time : 0;
}

Result<void> keep(const String& file, int64_t time)
{
    String place(path::directory(file));
    Fd directory = TRY(sys::open(place, O_RDONLY | O_DIRECTORY));
    return fs::replace(directory, String(path::base(file)), clock::to_text(time) + "\n", 0644);
}

}  // namespace

ClockFloor::ClockFloor(String file)
    : file_(std::move(file)), floor_(std::max<int64_t>(kBuildDate, kept_in(file_)))
{
}

ClockFloor::Reading ClockFloor::read() const
{
    int64_t system = clock::now();
    return {std::max(system, floor_), system < floor_};
}

void ClockFloor::prove(int64_t time)
{
    if (time < floor_ + kDay)
        return;
    floor_ = time;
    if (file_.empty())
        return;
    if (auto kept = keep(file_, time); !kept)
        log::debug("cannot keep the time: %s", kept.error().message().c_str());
}

}  // namespace kist::registry
