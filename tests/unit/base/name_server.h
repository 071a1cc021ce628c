// name_server.h - name servers on this machine's loopback that answer as a test wants.

#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "messages.h"

namespace kist::test {

// What a server was asked.
struct Heard {
    String message;
    String name;  // "web.example.org"
    unsigned type = 0;
    unsigned server = 0;  // 0: 127.0.0.1, and on
    bool tcp = false;
    uint16_t port = 0;  // it came from
};

// What it answers: messages, one after another; none: it is silent.
using Replies = Vector<String>;
// In front of a message that comes from somebody who was not asked.
inline constexpr const char* kStranger = "stranger:";

struct Record {
    unsigned type;
    String data;
    String owner = "\xc0\x0c";  // the name that was asked for
    unsigned group = 1;
};

inline Record a(const char* address)
{
    String data(4, '\0');
    EXPECT_EQ(::inet_pton(AF_INET, address, data.data()), 1);
    return {1, data};
}

inline Record aaaa(const char* address)
{
    String data(16, '\0');
    EXPECT_EQ(::inet_pton(AF_INET6, address, data.data()), 1);
    return {28, data};
}

inline String answer(const Heard& heard, const Vector<Record>& records, unsigned code = 0)
{
    String bytes = reply(heard.message, 0, code);
    bytes[6] = char(records.size() >> 8);
    bytes[7] = char(records.size());
    for (const Record& record : records) {
        bytes += record.owner;
        put16(bytes, record.type);
        put16(bytes, record.group);
        bytes += "\0\0\0\x3c"_s;
        put16(bytes, unsigned(record.data.size()));
        bytes += record.data;
    }
    return bytes;
}

// One thread for `count` servers, all at the same port.
class NameServers {
public:
    using Handler = std::function<Replies(const Heard&)>;

    NameServers(unsigned count, Handler handler) : handler_(std::move(handler))
    {
        stop_ = Fd(::eventfd(0, EFD_CLOEXEC));
        // A port that is free for one of them may be somebody's for another.
        for (int tries = 100; !open(count); tries--)
            if (!tries) {
                ADD_FAILURE() << "no port for name servers";
                break;
            }
        stranger_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        thread_ = std::thread([this] { serve(); });
    }
    NameServers(const NameServers&) = delete;
    ~NameServers()
    {
        (void)::eventfd_write(stop_.get(), 1);
        thread_.join();
    }

    uint16_t port() const { return port_; }
    Vector<Heard> heard()
    {
        std::lock_guard hold(mutex_);
        return heard_;
    }

private:
    bool open(unsigned count)
    {
        port_ = 0;
        udp_ = {};
        tcp_ = {};
        bool opened = true;
        for (unsigned i = 0; i < count; i++) {
            udp_.push_back(open(SOCK_DGRAM, i, opened));
            tcp_.push_back(open(SOCK_STREAM, i, opened));
        }
        return opened;
    }
    Fd open(int type, unsigned index, bool& opened)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index);
        socklen_t size = sizeof address;
        auto* name = reinterpret_cast<sockaddr*>(&address);
        Fd made(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
        int on = 1;
        (void)::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        address.sin_port = htons(port_);
        opened = opened && ::bind(made.get(), name, size) == 0 &&
                 (type != SOCK_STREAM || ::listen(made.get(), 10) == 0);
        (void)::getsockname(made.get(), name, &size);
        port_ = ntohs(address.sin_port);
        return made;
    }

    void serve()
    {
        for (;;) {
            Vector<pollfd> waits = {{stop_.get(), POLLIN, 0}};
            for (size_t i = 0; i < udp_.size(); i++) {
                waits.push_back({udp_[i].get(), POLLIN, 0});
                waits.push_back({tcp_[i].get(), POLLIN, 0});
            }
            (void)::poll(waits.data(), waits.size(), -1);
            if (waits[0].revents)
                return;
            for (unsigned i = 0; i < udp_.size(); i++) {
                if (waits[1 + 2 * i].revents)
                    hear_datagram(i);
                if (waits[2 + 2 * i].revents)
                    hear_connection(i);
            }
        }
    }

    Replies handle(Heard heard)
    {
        size_t at = 12;
        while (at < heard.message.size() && heard.message[at]) {
            size_t length = uint8_t(heard.message[at]);
            heard.name += (heard.name.empty() ? "" : ".") + heard.message.substr(at + 1, length);
            at += 1 + length;
        }
        heard.type = get16(heard.message, at + 1);
        {
            std::lock_guard hold(mutex_);
            heard_.push_back(heard);
        }
        return handler_(heard);
    }

    void hear_datagram(unsigned index)
    {
        char buffer[4096];
        sockaddr_in from{};
        socklen_t size = sizeof from;
        auto* name = reinterpret_cast<sockaddr*>(&from);
        ssize_t got = ::recvfrom(udp_[index].get(), buffer, sizeof buffer, 0, name, &size);
        if (got < 0)
            return;
        String message(buffer, size_t(got));
        for (const String& reply :
             handle({.message = message, .server = index, .port = ntohs(from.sin_port)})) {
            size_t mark = reply.starts_with(kStranger) ? strlen(kStranger) : 0;
            (void)::sendto((mark ? stranger_ : udp_[index]).get(), reply.data() + mark,
                           reply.size() - mark, 0, name, size);
        }
    }

    void hear_connection(unsigned index)
    {
        Fd client(::accept4(tcp_[index].get(), nullptr, nullptr, SOCK_CLOEXEC));
        char buffer[4096];
        ssize_t got = ::recv(client.get(), buffer, sizeof buffer, 0);
        if (got < 2)
            return;
        for (const String& reply : handle(
                 {.message = String(buffer + 2, size_t(got) - 2), .server = index, .tcp = true})) {
            String bytes;
            put16(bytes, unsigned(reply.size()));
            bytes += reply;
            (void)::send(client.get(), bytes.data(), 1, MSG_NOSIGNAL);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            (void)::send(client.get(), bytes.data() + 1, bytes.size() - 1, MSG_NOSIGNAL);
        }
    }

    Handler handler_;
    Fd stop_, stranger_;
    Vector<Fd> udp_, tcp_;
    uint16_t port_ = 0;
    std::mutex mutex_;
    Vector<Heard> heard_;
    std::thread thread_;
};

}  // namespace kist::test
