// pingpong.cpp - how many round trips a second a network carries; for network.sh.
//
//   pingpong serve PORT                       answers at PORT, over TCP and UDP, until it is ended
//   pingpong KIND ADDRESS PORT MILLISECONDS   prints how many a second there were
//
// KIND is one of
//   stream     a byte there and back, over one TCP connection
//   connect    a connection made, a byte there and back, and closed
//   datagram   a byte there and back, over UDP; what is lost is sent anew after 100 ms

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kEvents = 256;

[[noreturn]] void die(const char* what)
{
    fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
    exit(1);
}

int checked(int result, const char* what)
{
    if (result < 0)
        die(what);
    return result;
}

sockaddr_in address_of(const char* host, const char* port)
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(atoi(port)));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        die(host);
    return address;
}

const sockaddr* generic(const sockaddr_in& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

void set_option(int socket, int level, int name, int value)
{
    checked(setsockopt(socket, level, name, &value, sizeof value), "setsockopt");
}

int64_t now_ns()
{
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void watch(int epoll, int descriptor)
{
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

int serving(int type, const sockaddr_in& address)
{
    const int made = checked(socket(AF_INET, type | SOCK_NONBLOCK, 0), "socket");
    set_option(made, SOL_SOCKET, SO_REUSEADDR, 1);
    checked(bind(made, generic(address), sizeof address), "bind");
    return made;
}

void accept_all(int epoll, int listener)
{
    for (;;) {
        const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (connection < 0)
            return;
        set_option(connection, IPPROTO_TCP, TCP_NODELAY, 1);
        watch(epoll, connection);
    }
}

void answer_datagrams(int datagrams)
{
    char bytes[64];
    sockaddr_in from = {};
    for (;;) {
        socklen_t length = sizeof from;
        sockaddr* sender = reinterpret_cast<sockaddr*>(&from);
        const ssize_t got = recvfrom(datagrams, bytes, sizeof bytes, 0, sender, &length);
        if (got < 0)
            return;
        sendto(datagrams, bytes, static_cast<size_t>(got), 0, sender, length);
    }
}

void answer(int connection)
{
    char bytes[64];
    const ssize_t got = recv(connection, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0 || send(connection, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) != got)
        close(connection);
}

[[noreturn]] void serve(const char* port)
{
    const sockaddr_in address = address_of("0.0.0.0", port);
    const int epoll = checked(epoll_create1(0), "epoll_create1");
    const int listener = serving(SOCK_STREAM, address);
    const int datagrams = serving(SOCK_DGRAM, address);
    checked(listen(listener, 4096), "listen");
    watch(epoll, listener);
    watch(epoll, datagrams);
    epoll_event events[kEvents];
    for (;;) {
        const int count = epoll_wait(epoll, events, kEvents, -1);
        for (int i = 0; i < count; ++i) {
            const int ready = events[i].data.fd;
            if (ready == listener)
                accept_all(epoll, listener);
            else if (ready == datagrams)
                answer_datagrams(datagrams);
            else
                answer(ready);
        }
    }
}

// A socket that is connected and gives up after a while.
int connected(int type, const sockaddr_in& address, int timeout_ms)
{
    const int made = checked(socket(AF_INET, type, 0), "socket");
    const timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    checked(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout), "setsockopt");
    if (type == SOCK_STREAM)
        set_option(made, IPPROTO_TCP, TCP_NODELAY, 1);
    checked(connect(made, generic(address), sizeof address), "connect");
    return made;
}

bool round_trip(int socket)
{
    char byte = 'x';
    return send(socket, &byte, 1, MSG_NOSIGNAL) == 1 && recv(socket, &byte, 1, 0) == 1;
}

bool stream_once(int socket, const sockaddr_in&)
{
    return round_trip(socket) || (die("stream"), false);
}

bool connect_once(int, const sockaddr_in& address)
{
    const int socket = connected(SOCK_STREAM, address, 3000);
    if (!round_trip(socket))
        die("connection");
    close(socket);
    return true;
}

bool datagram_once(int socket, const sockaddr_in&)
{
    return round_trip(socket);
}

struct Kind {
    const char* name;
    int type;  // of the socket that stays, 0: none
    int timeout_ms;
    bool (*once)(int socket, const sockaddr_in& address);
};
constexpr Kind kKinds[] = {
    {"stream", SOCK_STREAM, 3000, stream_once},
    {"connect", 0, 0, connect_once},
    {"datagram", SOCK_DGRAM, 100, datagram_once},
};

int measure(const Kind& kind, const sockaddr_in& address, int64_t milliseconds)
{
    const int socket = kind.type ? connected(kind.type, address, kind.timeout_ms) : -1;
    kind.once(socket, address);  // the first one finds the way
    const int64_t begin = now_ns();
    const int64_t end = begin + milliseconds * 1000000;
    int64_t count = 0;
    int64_t now = begin;
    while (now < end) {
        if (kind.once(socket, address))
            ++count;
        now = now_ns();
    }
    printf("%lld\n", static_cast<long long>(count * 1000000000 / (now - begin)));
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(argv[2]);
    for (const Kind& kind : kKinds) {
        if (argc == 5 && strcmp(argv[1], kind.name) == 0)
            return measure(kind, address_of(argv[2], argv[3]), atoll(argv[4]));
    }
    fputs("usage: pingpong serve PORT | stream|connect|datagram ADDRESS PORT MILLISECONDS\n",
          stderr);
    return 2;
}
