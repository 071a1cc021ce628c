// plumbing.cpp - the streams of one run of a container.

#include "service/plumbing.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <climits>

#include "base/sys.h"
#include "base/vector.h"

namespace kist::service {

namespace {

constexpr size_t kChunk = 8 << 10;
constexpr int kMaxDrain = 256;  // chunks: more than the fullest pipe (1 MiB) takes

// In .bss: no page of it is there before the container prints something.
char g_chunk[kChunk];

void set_nonblocking(const Fd& file)
{
    int flags = ::fcntl(file.get(), F_GETFL);
    (void)::fcntl(file.get(), F_SETFL, flags | O_NONBLOCK);
}

}  // namespace

void Plumbing::connect(std::optional<Fd> console, std::optional<container::Streams> streams)
{
    terminal_ = console.has_value();
    output_ = std::move(console);
    errors_.reset();
    input_.reset();
    if (streams) {
        output_ = std::move(streams->output);
        errors_ = std::move(streams->errors);
        input_ = std::move(streams->input);
    }
    for (std::optional<Fd>* each : {&output_, &errors_, &input_})
        if (*each)
            set_nonblocking(**each);
    pending_.clear();
    ending_ = false;
}

void Plumbing::wish(Vector<pollfd>& waits) const
{
    short reading = clients_.keep_up() ? POLLIN : 0;
    short writing = pending_.empty() ? 0 : POLLOUT;
    // An element that waits for nothing would still wake us with POLLHUP.
    auto add = [&](const std::optional<Fd>& file, short events) {
        waits.push_back({file && events ? file->get() : -1, events, 0});
    };
    add(output_, short(terminal_ ? reading | writing : reading));
    add(errors_, reading);
    add(input_, writing);
}

void Plumbing::act(std::span<const pollfd> waits)
{
    constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
    if ((waits[0].events & POLLIN) && (waits[0].revents & kReadable))
        (void)take(output_, container::Stream::output);
    if (waits[1].revents & kReadable)
        (void)take(errors_, container::Stream::errors);
    if (waits[2].revents || (waits[0].revents & POLLOUT))
        give();
}

// False when there is nothing at hand.
bool Plumbing::take(std::optional<Fd>& from, container::Stream stream)
{
    if (!from)
        return false;
    ssize_t got = sys::retry([&] { return ::read(from->get(), g_chunk, sizeof g_chunk); });
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {  // the end; a terminal whose last user is gone says EIO
        from.reset();
        return false;
    }
    std::string_view bytes(g_chunk, size_t(got));
    if (log_)
        log_->write(stream, bytes);
    clients_.tell_output(stream, bytes);
    return true;
}

void Plumbing::input(std::string_view bytes)
{
    if (terminal_ ? !output_ : !input_)
        return clients_.tell_taken();  // nobody to give it to
    pending_ += bytes;
    give();
}

void Plumbing::give()
{
    std::optional<Fd>& to = terminal_ ? output_ : input_;
    while (to && !pending_.empty()) {
        ssize_t put = ::write(to->get(), pending_.data(), pending_.size());
        if (put < 0 && errno == EAGAIN)
            return;
        if (put < 0 && errno != EINTR) {
            pending_.clear();
            if (!terminal_)
                to.reset();
        } else if (put > 0) {
            pending_.erase(0, size_t(put));
        }
    }
    pending_.shrink_to_fit();
    clients_.tell_taken();
    if (ending_)
        input_.reset();
}

// A terminal's input has no end: it outlives the one that somebody typed at.
void Plumbing::end_input()
{
    if (terminal_)
        return;
    ending_ = true;
    if (pending_.empty())
        input_.reset();
}

void Plumbing::resize(Size size)
{
    winsize window = {.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (terminal_ && output_)
        (void)::ioctl(output_->get(), TIOCSWINSZ, &window);
}

void Plumbing::drain()
{
    for (int i = 0; i < kMaxDrain && take(output_, container::Stream::output); i++)
        ;
    for (int i = 0; i < kMaxDrain && take(errors_, container::Stream::errors); i++)
        ;
    if (log_)
        log_->flush();
    output_.reset();
    errors_.reset();
    input_.reset();
}

}  // namespace kist::service
