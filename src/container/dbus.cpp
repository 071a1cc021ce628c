// dbus.cpp - a connection to a D-Bus message bus.

#include "container/dbus.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::container::dbus {

namespace {

constexpr size_t kMaxLine = 1024;      // bytes of a line of the authentication
constexpr int kMaxMessages = 1000;     // that may arrive before an answer
constexpr size_t kMaxErrorText = 300;  // bytes of it that are shown

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "optionally-escaped bytes" of an address: %20 is a blank.  "" when it is malformed.
String unescape(std::string_view text)
{
    String plain;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0 || high + low == 0)
            return "";
        plain += char(high << 4 | low);
        i += 2;
    }
    return plain;
}

}  // namespace

String socket_path(std::string_view addresses)
{
    while (!addresses.empty()) {
        std::string_view address = str::cut(addresses, ';');
        if (str::cut(address, ':') != "unix")
            continue;
        while (!address.empty()) {
            std::string_view value = str::cut(address, ',');
            if (str::cut(value, '=') == "path" && !value.empty())
                return unescape(value);
        }
    }
    return "";
}

Connection::Connection(Fd socket, const String& name, Peer peer, int timeout_ms)
    : socket_(std::move(socket)),
      name_(name),
      peer_(peer),
      timeout_ms_(timeout_ms),
      deadline_(clock::steady_ms() + timeout_ms)
{
}

Result<Connection> Connection::open(const String& path, Peer peer, int timeout_ms)
{
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    if (path.size() >= sizeof address.sun_path)
        return Error(ENAMETOOLONG, "%s is too long for a socket", path.c_str());
    memcpy(address.sun_path, path.data(), path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // EAGAIN: it does not take connections fast enough; then it would not answer in time either.
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        return os_error("cannot connect to %s", path.c_str());
    return over(std::move(socket), path, peer, timeout_ms);
}

Result<Connection> Connection::over(Fd socket, const String& name, Peer peer, int timeout_ms)
{
    Connection connection(std::move(socket), name, peer, timeout_ms);
    TRY(connection.authenticate());
    if (peer == Peer::bus)
        TRY(connection.call({
            .destination = "org.freedesktop.DBus",
            .path = "/org/freedesktop/DBus",
            .interface = "org.freedesktop.DBus",
            .member = "Hello",
            .signature = "",
            .body = "",
        }));
    return connection;
}

Error Connection::late() const
{
    return Error(ETIMEDOUT, "%s did not answer within %d seconds", name_.c_str(),
                 timeout_ms_ / 1000);
}

Result<void> Connection::wait(short events)
{
    while (true) {
        int64_t left = deadline_ - clock::steady_ms();
        pollfd poll = {socket_.get(), events, 0};
        int ready = left > 0 ? ::poll(&poll, 1, int(left)) : 0;
        if (ready > 0)
            return {};
        if (ready == 0)
            return late();
        if (errno != EINTR)
            return os_error("%s", name_.c_str());
    }
}

Result<void> Connection::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        ssize_t sent = sys::retry(
            [&] { return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
        if (sent < 0 && errno == EPIPE)
            return Error(ECONNRESET, "%s hung up", name_.c_str());
        if (sent < 0 && errno != EAGAIN)
            return os_error("cannot talk to %s", name_.c_str());
        if (sent < 0)
            TRY(wait(POLLOUT));
        else
            bytes.remove_prefix(size_t(sent));
    }
    return {};
}

// Waits until there are `size` bytes of input.
Result<void> Connection::fill(size_t size)
{
    char buffer[4096];
    while (input_.size() < size) {
        ssize_t got = sys::retry([&] { return ::recv(socket_.get(), buffer, sizeof buffer, 0); });
        if (got < 0 && errno != EAGAIN && errno != ECONNRESET)
            return os_error("cannot hear %s", name_.c_str());
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return Error(ECONNRESET, "%s hung up", name_.c_str());
        if (got < 0)
            TRY(wait(POLLIN));
        else
            input_.append(buffer, size_t(got));
    }
    return {};
}

Result<String> Connection::line()
{
    size_t end;
    while ((end = input_.find("\r\n")) == input_.npos) {
        if (input_.size() > kMaxLine)
            return Error(EPROTO, "%s does not speak D-Bus", name_.c_str());
        TRY(fill(input_.size() + 1));
    }
    String found = input_.substr(0, end);
    input_.erase(0, end + 2);
    return found;
}

Result<void> Connection::authenticate()
{
    // The user id in decimal digits, each as two hex digits; the kernel vouches for it.
    String identity;
    for (char digit : str::format("%u", ::geteuid()))
        identity += str::format("%02x", digit);
    TRY(send(String(1, '\0') + "AUTH EXTERNAL " + identity + "\r\n"));
    String answer = TRY(line());
    if (answer.starts_with("REJECTED"))
        return Error(EACCES, "%s does not let user %u in", name_.c_str(), ::geteuid());
    if (!answer.starts_with("OK "))
        return Error(EPROTO, "%s does not speak D-Bus: %s", name_.c_str(),
                     str::printable(answer, 60).c_str());
    return send("BEGIN\r\n");
}

Result<Message> Connection::receive()
{
    // A peer that never stops talking is never waited for.
    if (clock::steady_ms() > deadline_)
        return late();
    TRY(fill(kHead));
    size_t size = TRY(Message::length(input_), "%s", name_.c_str());
    TRY(fill(size));
    Message message =
        TRY(Message::parse(std::string_view(input_).substr(0, size)), "%s", name_.c_str());
    input_.erase(0, size);
    return message;
}

// "If the first argument exists and is a string, it is an error message."
Error Connection::refusal(const Message& answer)
{
    error_name_ = str::printable(answer.error_name, 100);
    String text;
    Reader body(answer);
    if (answer.signature.starts_with('s'))
        if (auto words = body.text())
            text = str::printable(*words, kMaxErrorText);
    return Error(EREMOTEIO, "%s (%s)", text.empty() ? "refused" : text.c_str(),
                 error_name_.c_str());
}

Result<Message> Connection::call(const Call& call, const Listener& meanwhile)
{
    uint32_t serial = ++serial_;
    TRY(send(marshal(call, serial)));
    for (int i = 0; i < kMaxMessages; i++) {
        Message message = TRY(receive());
        bool answer = message.type == Type::reply || message.type == Type::error;
        if (answer && message.reply_serial == serial) {
            if (message.type == Type::error)
                return refusal(message);
            return message;
        }
        if (meanwhile)
            meanwhile(message);
    }
    return Error(EPROTO, "%s says much, but does not answer", name_.c_str());
}

}  // namespace kist::container::dbus
