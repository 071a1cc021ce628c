// client.cpp - a command's connection to a container's monitor.

#include "service/client.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "base/string.h"
#include "base/sys.h"
#include "container/console.h"
#include "service/clients.h"
#include "service/detach_keys.h"
#include "service/protocol.h"

namespace kist::service {

namespace {

constexpr int kPatience = 3;
constexpr int kAnswerSeconds = 10;  // for a monitor to say that it listens

// Whether stdin was a terminal whose other end is gone.  (musl's isatty() forgets that errno.)
bool has_hung_up()
{
    termios settings;
    return ::tcgetattr(0, &settings) < 0 && errno == EIO;
}

Size size_of_terminal(int terminal)
{
    winsize window;
    if (::ioctl(terminal, TIOCGWINSZ, &window) < 0)
        return {};
    return {window.ws_row, window.ws_col};
}

Error monitor_gone()
{
    return Error(ECONNRESET, "the container's monitor has gone: it was killed")
        .with_hint("\"kist ps -a\" shows what became of the container");
}

}  // namespace

// One session of an attached client: everything that attend() has to remember.
class Session {
public:
    Session(const Fd& monitor, const Attachment& wants, const Client::Terminal& ours,
            const Fd& signal_queue)
        : socket_(monitor),
          terminal_(ours),
          signals_(signal_queue),
          keys_(ours.tty ? ours.detach_keys : std::string_view()),
          reading_(wants.input)
    {
    }

    Result<Attended> run()
    {
        while (!over_) {
            // What the monitor says waits while we cannot pass its last words on.
            pollfd waits[] = {
                {reading_ && may_send_ ? 0 : -1, POLLIN, 0},
                {signals_.get(), POLLIN, 0},
                {left_.empty() ? socket_.get() : -1, POLLIN, 0},
                {left_.empty() ? -1 : target_, POLLOUT, 0},
            };
            if (sys::retry([&] { return ::poll(waits, std::size(waits), -1); }) < 0)
                return os_error("poll");
            if (waits[1].revents)
                TRY(pass_signal());
            if (waits[3].revents)
                TRY(put());
            if (waits[2].revents)
                TRY(hear());
            if (waits[0].revents && !over_)
                TRY(pass_input());
        }
        return end_;
    }

private:
    // The monitor may have gone; then hear() says so.
    void say(const String& packed) { (void)send(socket_, packed); }

    Result<void> pass_signal()
    {
        signalfd_siginfo info;
        if (::read(signals_.get(), &info, sizeof info) != sizeof info)
            return {};
        auto number = int(info.ssi_signo);
        if (number == SIGWINCH) {
            if (terminal_.tty)
                say(pack(Word::resize, 0, pack_size(size_of_terminal(0))));
        } else if (number == SIGPIPE) {
            return {};  // our own: somebody has stopped reading
        } else if (number == SIGHUP && terminal_.tty) {
            leave(number);  // the container has a terminal of its own, which does not hang up
        } else if (terminal_.signals) {
            if (number == SIGINT && ::isatty(0) && ++unanswered_ == kPatience)
                return Error(EINTR, "the container goes on: it does not heed Ctrl-C")
                    .with_hint("\"kist kill\" ends it");
            say(pack(Word::signal, number));
        } else if (number == SIGHUP || number == SIGINT || number == SIGTERM || number == SIGQUIT) {
            leave(number);
        }
        return {};
    }

    // As a program ends that does not catch this signal.
    void leave(int number)
    {
        end_ = {.detached = true, .exit_code = 128 + number};
        over_ = true;
    }

    Result<void> hear()
    {
        std::optional<Message> message = TRY(receive(socket_));
        if (!message)
            return monitor_gone();
        switch (message->word) {
            case Word::output:
            case Word::errors:
                target_ = message->word == Word::output ? 1 : 2;
                left_ = std::move(message->payload);
                unanswered_ = 0;
                return {};  // run() waits until it can be put
            case Word::taken: may_send_ = true; return {};
            case Word::exited:
                end_.exit_code = message->a;
                end_.oom_killed = message->b != 0;
                over_ = true;
                return {};
            default: return {};
        }
    }

    // At most PIPE_BUF bytes to a ready target: such a write to a pipe does not block (pipe(7)).
    Result<void> put()
    {
        ssize_t written = ::write(target_, left_.data(), std::min<size_t>(left_.size(), PIPE_BUF));
        if (written > 0) {
            left_.erase(0, size_t(written));
        } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
            // Nobody reads any more; what the container writes is still logged.
            if (errno != EPIPE && errno != EIO)
                return os_error("the container goes on, but its output cannot be passed on");
            leave(SIGPIPE);
        }
        return {};
    }

    Result<void> pass_input()
    {
        char typed[4096];
        ssize_t got = sys::retry([&] { return ::read(0, typed, sizeof typed); });
        if (got < 0 && errno == EAGAIN)
            return {};
        if (got <= 0 && terminal_.tty && has_hung_up())
            leave(SIGHUP);  // it was a terminal, which has hung up
        if (got <= 0) {
            reading_ = false;
            say(pack(Word::input_end));
            return {};
        }
        bool found = false;
        String through = keys_.filter({typed, size_t(got)}, found);
        if (!through.empty()) {
            may_send_ = false;
            say(pack(Word::input, 0, 0, through));
        }
        if (found) {
            end_.detached = true;
            over_ = true;
        }
        return {};
    }

    const Fd& socket_;
    const Client::Terminal& terminal_;
    const Fd& signals_;
    DetachKeys keys_;
    bool reading_;
    bool may_send_ = true;  // nothing that we sent waits to be taken
    String left_;           // of the container's output, for target_
    int target_ = 1;
    int unanswered_ = 0;  // Ctrl-C since the container last said something
    bool over_ = false;
    Attended end_;
};

Result<Client> Client::dial(const container::Directories& directories, const String& id)
{
    Fd directory = TRY(sys::open_at(directories.volatiles, id, O_RDONLY | O_DIRECTORY));
    int number = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (number < 0)
        return os_error("socket");
    Client client{Fd(number)};
    timeval patience = {kAnswerSeconds, 0};  // where others wait in line that it does not attend to
    (void)::setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_un address = socket_address(directory, kControl);
    if (::connect(number, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        return Error(errno == ECONNREFUSED ? ENOENT : errno, "container %.12s has no monitor",
                     id.c_str());
    return client;
}

Result<Client> Client::connect(const container::Directories& directories, const String& id,
                               const Attachment& attachment)
{
    Client client = TRY(dial(directories, id));
    auto begun = client.begin(attachment, nullptr, kAnswerSeconds * 1000);
    if (begun)
        return client;
    if (!begun.error().is(ETIME))
        return std::move(begun).error();
    pid_t monitor = process_of(client.socket_);
    return Error(ETIME, "the monitor of container %.12s, process %d, does not answer", id.c_str(),
                 monitor)
        .with_hint(str::format("\"kill -CONT %d\" lets it go on if it was stopped; \"kist rm -f "
                               "%.12s\" removes the container without it",
                               monitor, id.c_str()));
}

Result<void> Client::kill_monitor(const container::Directories& directories, const String& id)
{
    Client client = TRY(dial(directories, id));
    Fd monitor = TRY(sys::pidfd_open(process_of(client.socket_)));
    // Its process has this number still: it has not hung up.
    pollfd gone = {client.socket_.get(), 0, 0};
    if (::poll(&gone, 1, 0) > 0)
        return {};
    return sys::pidfd_send_signal(monitor, SIGKILL);
}

Result<void> Client::begin(const Attachment& attachment, const Fd* signals, int limit_ms)
{
    TRY(send(socket_,
             pack(Word::attach, pack_attachment(attachment), pack_size(size_of_terminal(0)))));
    for (;;) {
        pollfd waits[] = {{socket_.get(), POLLIN, 0}, {signals ? signals->get() : -1, POLLIN, 0}};
        int ready = sys::retry([&] { return ::poll(waits, 2, limit_ms); });
        if (ready < 0)
            return os_error("poll");
        if (ready == 0)
            return Error(ETIME, "the container's monitor does not answer");
        signalfd_siginfo info;
        if (waits[1].revents && ::read(signals->get(), &info, sizeof info) == sizeof info &&
            info.ssi_signo != SIGWINCH && info.ssi_signo != SIGPIPE)
            (void)send(socket_, pack(Word::signal, int(info.ssi_signo)));
        if (!waits[0].revents)
            continue;
        std::optional<Message> message = TRY(receive(socket_));
        if (!message)
            return Error(ECONNRESET, "the container's monitor was killed while it was starting");
        if (message->word == Word::failed)
            return error_of(*message);
        if (message->word == Word::started)
            return {};
    }
}

Result<void> Client::signal(int number)
{
    return send(socket_, pack(Word::kill, number));
}

Result<void> Client::stop(int timeout, int signal, std::string_view then)
{
    return send(socket_, pack(Word::stop, timeout, signal, then));
}

Result<void> Client::reload()
{
    return send(socket_, pack(Word::reload));
}

Result<Attended> Client::attend(const Attachment& attachment, const Terminal& terminal,
                                const Fd& signals)
{
    std::optional<container::RawTerminal> raw;
    if (terminal.tty && attachment.input && ::isatty(0))
        raw.emplace(TRY(container::RawTerminal::enter(0)));
    return Session(socket_, attachment, terminal, signals).run();
}

Result<Attended> Client::wait() const
{
    for (;;) {
        std::optional<Message> message = TRY(receive(socket_));
        if (!message)
            return monitor_gone();
        if (message->word == Word::exited)
            return Attended{.exit_code = message->a, .oom_killed = message->b != 0};
        if (message->word == Word::failed)
            return error_of(*message);
    }
}

}  // namespace kist::service
