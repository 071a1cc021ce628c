// clients.cpp - a monitor's side of its connections to commands.
//
// A client that does not read holds the container's output up, so that nothing is lost on its way:
// keep_up() says so, and the messages that it was too slow for wait here.

#include "service/clients.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::service {

namespace {

constexpr size_t kMaxClients = 256;
constexpr size_t kMaxRefused = 64;  // beyond those, until they are told so
constexpr int kBacklog = 64;

// Nothing is wrong with the client: try again.
bool is_passing(const Error& error)
{
    return error.is(EAGAIN) || error.is(ENOMEM) || error.is(ENOBUFS);
}

}  // namespace

int32_t pack_size(Size size)
{
    return int32_t(uint32_t(size.rows) << 16 | size.columns);
}

Size unpack_size(int32_t packed)
{
    return {static_cast<unsigned short>(uint32_t(packed) >> 16),
            static_cast<unsigned short>(uint32_t(packed))};
}

int32_t pack_attachment(const Attachment& attachment)
{
    return int32_t(attachment.input) | int32_t(attachment.output) << 1 |
           int32_t(attachment.errors) << 2 | int32_t(attachment.until_exit) << 4 |
           int32_t(attachment.revived) << 5;
}

Attachment unpack_attachment(int32_t bits)
{
    return {.input = bool(bits & 1),
            .output = bool(bits & 2),
            .errors = bool(bits & 4),
            .until_exit = bool(bits & 16),
            .revived = bool(bits & 32)};
}

Result<void> Clients::listen(const Fd& volatile_directory)
{
    auto unlinked = sys::unlink_at(volatile_directory, kControl);
    if (!unlinked && !unlinked.error().is(ENOENT))
        return unlinked;
    int number = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0)
        return os_error("socket");
    listener_ = Fd(number);
    sockaddr_un address = socket_address(volatile_directory, kControl);
    if (::bind(number, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(number, kBacklog) < 0)
        return os_error("cannot listen at %s", address.sun_path);
    return {};
}

void Clients::add(Fd socket, const Attachment& attachment)
{
    Connection& client = all_.emplace_back();
    client.socket = std::move(socket);
    client.wants = attachment;
    client.attached = true;
}

void Clients::accept()
{
    int number = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (number < 0)
        return;
    Fd socket(number);
    if (all_.size() < kMaxClients + kMaxRefused)
        all_.emplace_back().socket = std::move(socket);
}

void Clients::wish(Vector<pollfd>& waits) const
{
    waits.push_back({listener_.get(), POLLIN, 0});
    for (const Connection& client : all_)
        waits.push_back(
            {client.socket.get(), short(client.waiting.empty() ? POLLIN : POLLIN | POLLOUT), 0});
}

void Clients::act(std::span<const pollfd> waits, Orders& orders)
{
    size_t left = 0;  // of those that stay
    for (size_t i = 0; i < all_.size(); i++) {
        // Connections that came while we were at it have no element yet.
        short events = i + 1 < waits.size() ? waits[i + 1].revents : 0;
        Connection& client = all_[i];
        bool stays = true;
        if (events & POLLOUT)
            stays = say_waiting(client);
        if (stays && (events & (POLLIN | POLLHUP | POLLERR)))
            stays = hear(client, orders);
        if (stays && !(client.leaving && client.waiting.empty())) {
            if (left != i)
                all_[left] = std::move(client);
            left++;
        }
    }
    all_.erase(all_.begin() + ptrdiff_t(left), all_.end());
    if (waits[0].revents)
        accept();
}

// False when the client is gone.
bool Clients::hear(Connection& client, Orders& orders)
{
    auto message = receive(client.socket);
    if (!message)
        return is_passing(message.error());
    if (!*message)
        return false;
    obey(client, **message, orders);
    return true;
}

std::optional<Error> Clients::refusal_of(const Attachment& wants, const Orders& orders) const
{
    if (all_.size() > kMaxClients)
        return Error(EAGAIN, "the container has too many clients")
            .with_hint("end some of the commands that are attached to it or wait for it");
    return wants.until_exit ? std::nullopt : orders.not_running();
}

void Clients::obey(Connection& client, const Message& message, Orders& orders)
{
    switch (message.word) {
        case Word::attach:
            client.wants = unpack_attachment(message.a);
            client.attached = true;
            if (auto error = refusal_of(client.wants, orders)) {
                client.leaving = true;
                return say(client, pack_failure(*error));
            }
            // Only who is attached to it has a terminal for it.
            if (message.b && (client.wants.input || client.wants.output))
                orders.resize(unpack_size(message.b));
            return say(client, pack(Word::started));
        case Word::input: client.owes_taken = true; return orders.input(message.payload);
        case Word::input_end: return orders.end_input();
        case Word::resize: return orders.resize(unpack_size(message.b));
        case Word::signal: return orders.signal(message.a);
        case Word::kill: return orders.kill(message.a);
        case Word::stop: return orders.stop(message.a, message.b, message.payload);
        case Word::reload: return orders.reload();
        default: log::debug("a client said %d", int(message.word));
    }
}

void Clients::say(Connection& client, String packed)
{
    if (client.waiting.empty()) {
        auto sent = send(client.socket, packed, false);
        if (sent || !is_passing(sent.error()))
            return;  // one that is gone is noticed by poll(2)
    }
    client.waiting.push_back(std::move(packed));
}

// False when the client is gone.
bool Clients::say_waiting(Connection& client)
{
    size_t said = 0;
    bool gone = false;
    while (said < client.waiting.size()) {
        auto sent = send(client.socket, client.waiting[said], false);
        if (!sent) {
            gone = !is_passing(sent.error());
            break;
        }
        said++;
    }
    client.waiting.erase(client.waiting.begin(), client.waiting.begin() + ptrdiff_t(said));
    if (client.waiting.empty())
        client.waiting = {};
    return !gone;
}

bool Clients::keep_up() const
{
    for (const Connection& client : all_)
        if (!client.waiting.empty())
            return false;
    return true;
}

void Clients::tell_output(container::Stream stream, std::string_view bytes)
{
    bool output = stream == container::Stream::output;
    for (Connection& client : all_)
        if (client.attached && !client.leaving &&
            (output ? client.wants.output : client.wants.errors))
            say(client, pack(output ? Word::output : Word::errors, 0, 0, bytes));
}

void Clients::tell_taken()
{
    for (Connection& client : all_)
        if (std::exchange(client.owes_taken, false))
            say(client, pack(Word::taken));
}

void Clients::tell_started()
{
    for (Connection& client : all_)
        if (client.attached && !client.leaving)
            say(client, pack(Word::started));
}

void Clients::tell_failed(const Error& error)
{
    for (Connection& client : all_) {
        say(client, pack_failure(error));
        client.leaving = true;
    }
}

void Clients::tell_exited(int exit_code, bool oom_killed)
{
    for (Connection& client : all_) {
        if (!client.attached || client.leaving)
            continue;
        say(client, pack(Word::exited, exit_code, oom_killed));
        client.leaving = true;
    }
}

void Clients::flush()
{
    listener_.close();
    for (Connection& client : all_) {
        pollfd wait = {client.socket.get(), POLLOUT, 0};
        while (!client.waiting.empty() && sys::retry([&] { return ::poll(&wait, 1, -1); }) > 0)
            if (!say_waiting(client))
                break;
    }
    all_.clear();
}

}  // namespace kist::service
