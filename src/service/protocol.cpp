// protocol.cpp - messages between commands and monitors.

#include "service/protocol.h"

#include <sys/socket.h>

#include <cstring>

#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::service {

namespace {

struct Header {
    uint8_t word;
    uint8_t zero[3];
    int32_t a, b;
};

}  // namespace

String pack(Word word, int32_t a, int32_t b, std::string_view payload)
{
    Header header = {uint8_t(word), {}, a, b};
    String packed(reinterpret_cast<const char*>(&header), sizeof header);
    packed += payload.substr(0, kMaxPayload);
    return packed;
}

Result<void> send(const Fd& socket, const String& packed, bool wait)
{
    ssize_t sent = sys::retry([&] {
        return ::send(socket.get(), packed.data(), packed.size(),
                      MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    });
    if (sent < 0)
        return Error(errno == ECONNRESET ? EPIPE : errno, "cannot send to the other process: %s",
                     ::strerror(errno));
    return {};
}

Result<std::optional<Message>> receive(const Fd& socket)
{
    String packed(sizeof(Header) + kMaxPayload, '\0');
    ssize_t size = 0;
    // One that has gone without hearing all that we said may have said something before.
    for (int left = 2; left > 0; left = size < 0 && errno == ECONNRESET ? left - 1 : 0)
        size = sys::retry([&] { return ::recv(socket.get(), packed.data(), packed.size(), 0); });
    if (size == 0 || (size < 0 && errno == ECONNRESET))
        return std::optional<Message>();
    if (size < 0)
        return os_error("cannot hear the other process");
    Header header;
    if (size_t(size) < sizeof header)
        return Error(EBADMSG, "the other process sent %zd bytes that are no message", size);
    memcpy(&header, packed.data(), sizeof header);
    return std::optional<Message>(
        Message{Word(header.word), header.a, header.b,
                packed.substr(sizeof header, size_t(size) - sizeof header)});
}

pid_t process_of(const Fd& socket)
{
    ucred who = {};
    socklen_t size = sizeof who;
    (void)::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size);
    return who.pid;
}

sockaddr_un socket_address(const Fd& directory, const char* name)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    String path = str::format("/proc/self/fd/%d/%s", directory.get(), name);
    memcpy(address.sun_path, path.data(), path.size());  // some 30 of 108 bytes
    return address;
}

String pack_failure(const Error& error)
{
    return pack(Word::failed, error.code(), 0, error.message() + '\0' + error.hint());
}

Error error_of(const Message& message)
{
    std::string_view hint = message.payload;
    String words(str::cut(hint, '\0'));
    return Error(message.a, "%s", words.c_str()).with_hint(String(hint));
}

}  // namespace kist::service
