// dbus.h - a connection to a D-Bus message bus, or to a service without a bus in between.
//
// Just enough to ask the user's systemd for something: one thread, one call at a time, and a
// deadline for the whole conversation, so that a bus that hangs or babbles costs that long at most.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/dbus_message.h"

namespace kist::container::dbus {

enum class Peer { bus, service };  // service: it answers itself, there are no names

class Connection {
public:
    // Connects to the socket at `path` and says who we are ("Authentication Protocol", EXTERNAL).
    // The conversation ends `timeout_ms` from now.  ENOENT, ECONNREFUSED: nobody listens there;
    // EACCES: we are not let in; ETIMEDOUT; EPROTO: it speaks something else.
    static Result<Connection> open(const String& path, Peer peer, int timeout_ms);
    // The same over a connected socket (non-blocking); `name` is for errors.
    static Result<Connection> over(Fd socket, const String& name, Peer peer, int timeout_ms);

    // Calls a method and waits for its answer.  What else arrives goes to `meanwhile` first.
    // EREMOTEIO: the service answers with an error, "<text> (<name>)", whose name is error_name().
    using Listener = std::function<void(const Message&)>;
    Result<Message> call(const Call& call, const Listener& meanwhile = nullptr);
    // The next message.
    Result<Message> receive();

    const String& error_name() const { return error_name_; }
    Peer peer() const { return peer_; }

private:
    Connection(Fd socket, const String& name, Peer peer, int timeout_ms);
    Result<void> authenticate();
    Error late() const;
    Result<void> wait(short events);
    Result<void> send(std::string_view bytes);
    Result<void> fill(size_t size);
    Result<String> line();
    Error refusal(const Message& answer);

    Fd socket_;
    String name_;
    Peer peer_;
    int timeout_ms_;
    int64_t deadline_;  // clock::steady_ms()
    uint32_t serial_ = 0;
    String input_;  // bytes that arrived and were not used yet
    String error_name_;
};

// The path of the first "unix:path=" in a list of server addresses ("Server Addresses"); "" when
// there is none.
String socket_path(std::string_view addresses);

}  // namespace kist::container::dbus
