// console.cpp - the caller's terminal, and pipes in its stead.

#include "container/console.h"

#include <termios.h>
#include <unistd.h>

#include "base/sys.h"

namespace kist::container {

struct RawTerminal::Saved {
    int terminal;
    termios settings;
};

Result<RawTerminal> RawTerminal::enter(int terminal)
{
    termios settings;
    if (::tcgetattr(terminal, &settings) < 0)
        return os_error("cannot read the terminal's settings");
    termios raw = settings;
    ::cfmakeraw(&raw);
    if (::tcsetattr(terminal, TCSANOW, &raw) < 0)
        return os_error("cannot set the terminal to raw mode");
    return RawTerminal(std::make_unique<Saved>(Saved{terminal, settings}));
}

RawTerminal::RawTerminal(std::unique_ptr<Saved> saved) : saved_(std::move(saved)) {}
RawTerminal::RawTerminal(RawTerminal&&) noexcept = default;

RawTerminal::~RawTerminal()
{
    if (saved_)
        ::tcsetattr(saved_->terminal, TCSADRAIN, &saved_->settings);
}

Result<Streams> make_streams(bool interactive)
{
    Streams streams;
    if (interactive) {
        sys::Pipe input = TRY(sys::pipe());
        streams.input = std::move(input.writer);
        streams.theirs[0] = std::move(input.reader);
    } else {
        streams.theirs[0] = TRY(sys::open("/dev/null", O_RDONLY));
    }
    sys::Pipe output = TRY(sys::pipe());
    streams.output = std::move(output.reader);
    streams.theirs[1] = std::move(output.writer);
    sys::Pipe errors = TRY(sys::pipe());
    streams.errors = std::move(errors.reader);
    streams.theirs[2] = std::move(errors.writer);
    return streams;
}

}  // namespace kist::container
