// say.cpp - standard output and standard error.

#include "cli/say.h"

#include <unistd.h>

#include <cstring>

#include "base/str.h"
#include "base/sys.h"

namespace kist::cli {

namespace {

constexpr size_t kEnough = 4096;  // for a write

struct Output {
    String kept_back;
    int failed = 0;  // an errno value
    enum class Kind : uint8_t { unknown, terminal, other } kind = Kind::unknown;
};

[[clang::no_destroy]] constinit Output g_output;

}  // namespace

Result<void> put(Where where, std::string_view text)
{
    if (where == Where::errors)
        return sys::write_all(sys::borrow(2), text);
    g_output.kept_back += text;
    if (g_output.kind == Output::Kind::unknown)
        g_output.kind = ::isatty(1) ? Output::Kind::terminal : Output::Kind::other;
    if (g_output.kept_back.size() >= kEnough ||
        (g_output.kind == Output::Kind::terminal && text.find('\n') != text.npos))
        return flush();
    return {};
}

void tell(Where where, const char* format, ...)
{
    va_list args;
    va_start(args, format);
    (void)put(where, str::format_list(format, args));
    va_end(args);
}

void say(const char* format, ...)
{
    va_list args;
    va_start(args, format);
    (void)put(Where::output, str::format_list(format, args));
    va_end(args);
}

void say_line(std::string_view line)
{
    (void)put(Where::output, String(line) + '\n');
}

Result<void> flush()
{
    if (!g_output.failed)
        if (auto written = sys::write_all(sys::borrow(1), g_output.kept_back); !written)
            g_output.failed = written.error().code();
    g_output.kept_back.clear();
    if (g_output.failed)
        return Error(g_output.failed, "cannot write the output: %s", strerror(g_output.failed));
    return {};
}

String read_line(size_t limit)
{
    String line;
    char next;
    // One at a time: what follows the line is somebody else's.
    while (sys::retry([&] { return ::read(0, &next, 1); }) == 1 && next != '\n')
        if (line.size() < limit)
            line += next;
    return line;
}

}  // namespace kist::cli
