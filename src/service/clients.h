// clients.h - a monitor's side of its connections to commands.

#pragma once

#include <poll.h>

#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/log.h"
#include "service/client.h"
#include "service/protocol.h"

namespace kist::service {

// A terminal's size; 0: not known.
struct Size {
    unsigned short rows = 0, columns = 0;
};
int32_t pack_size(Size size);
Size unpack_size(int32_t packed);
int32_t pack_attachment(const Attachment& attachment);
Attachment unpack_attachment(int32_t bits);

// What clients may ask of the monitor.
class Orders {
public:
    virtual ~Orders() = default;
    virtual void input(std::string_view bytes) = 0;
    virtual void end_input() = 0;
    virtual void resize(Size size) = 0;
    virtual void signal(int number) = 0;
    virtual void kill(int number) = 0;
    virtual void stop(int timeout, int number, std::string_view then) = 0;
    virtual void reload() = 0;
    // Why nothing can be attached to now; nothing: it runs.
    virtual std::optional<Error> not_running() const = 0;
};

class Clients {
public:
    // Listens at STATE/run/ID/control.
    Result<void> listen(const Fd& volatile_directory);
    // The client that the monitor was started by; its first message was `attach`.
    void add(Fd socket, const Attachment& attachment);

    // What to wait for, and doing it: act() is given the same elements, after poll(2).
    void wish(Vector<pollfd>& waits) const;
    void act(std::span<const pollfd> waits, Orders& orders);

    // Nobody is behind with reading: more of the container's output can be taken.
    bool keep_up() const;
    void tell_output(container::Stream stream, std::string_view bytes);
    void tell_taken();  // the input was written
    void tell_started();
    void tell_failed(const Error& error);
    // Tells of the end, and is done with those that waited for it.
    void tell_exited(int exit_code, bool oom_killed);
    // Until everything is said or nobody listens any more.
    void flush();

private:
    struct Connection {
        Fd socket;
        Attachment wants;
        bool attached = false;
        bool owes_taken = false;
        bool leaving = false;    // closed when all is said
        Vector<String> waiting;  // messages that it was too slow for
    };
    void accept();
    bool hear(Connection& client, Orders& orders);
    void obey(Connection& client, const Message& message, Orders& orders);
    std::optional<Error> refusal_of(const Attachment& wants, const Orders& orders) const;
    void say(Connection& client, String packed);
    bool say_waiting(Connection& client);

    Fd listener_;
    Vector<Connection> all_;
};

}  // namespace kist::service
