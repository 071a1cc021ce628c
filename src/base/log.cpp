// log.cpp - what a developer wants to see, and warnings.

#include "base/log.h"

#include <cstdarg>
#include <mutex>

#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::log {

namespace {

Level g_level = Level::warn;

// One write, so that lines of several threads do not mix.  A closed stderr is no reason to stop.
void line(const char* prefix, const String& text)
{
    (void)sys::write_all(sys::borrow(2), str::format("kist: %s%s\n", prefix, text.c_str()));
}

}  // namespace

void set_level(Level level)
{
    g_level = level;
}

bool enabled(Level level)
{
    return level <= g_level;
}

void debug(const char* format, ...)
{
    if (!enabled(Level::debug))
        return;
    va_list args;
    va_start(args, format);
    line("debug: ", str::format_list(format, args));
    va_end(args);
}

void warn(const char* format, ...)
{
    if (!enabled(Level::warn))
        return;
    va_list args;
    va_start(args, format);
    String text = str::format_list(format, args);
    va_end(args);

    static std::mutex mutex;  // layers are pulled by several threads
    [[clang::no_destroy]] static constinit Vector<String> said;
    std::lock_guard lock(mutex);
    for (const String& earlier : said)
        if (earlier == text)
            return;
    line("warning: ", text);
    said.push_back(std::move(text));
}

}  // namespace kist::log
