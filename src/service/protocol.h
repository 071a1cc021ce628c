// protocol.h - what commands and monitors say to each other.
//
// Messages over an AF_UNIX socket that keeps their boundaries (SOCK_SEQPACKET):
// STATE/run/ID/control, or the pair that a monitor is born with.  A message is a Header and up to
// kMaxPayload bytes.  Words are only ever added at the end of their half: a new kist drives the
// monitors of the one before, whose version is in their container's record.
//
// A client begins with `attach`; the monitor answers `started` or `failed`.  Then either speaks
// when it has something to say.  Of `input` a client has one message under way, until it is
// `taken`: so a container that does not read keeps no signal from getting through.

#pragma once

#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::service {

inline constexpr int kProtocolVersion = 1;
inline constexpr size_t kMaxPayload = 16 << 10;
inline constexpr char kControl[] = "control";  // the socket's name in STATE/run/ID

// What may go with `stop`
inline constexpr char kResume[] = "resume";  // the next boot starts it again
inline constexpr char kKeep[] = "keep";      // even with --rm it stays: it is started again at once

enum class Word : uint8_t {
    // From a client
    attach = 0,  // a: the bits of Attachment; b: rows << 16 | columns of its terminal, or 0
    input,       // bytes for the container's stdin
    input_end,   // there will be no more
    resize,      // b: as in attach
    signal = 5,  // a: number, as a terminal or a shell sends it
    kill,        // a: number, as `kist kill` sends it: the restart policy heeds it
    stop,        // a: seconds until it is killed, -1: never; b: signal; payload: see kResume
    reload = 9,  // the Spec was changed

    // From a monitor
    started = 64,
    failed,  // a: errno; payload: message NUL hint
    output,  // bytes of the container's stdout, or its terminal
    errors,  // and of its stderr
    taken,   // the input has been written
    exited,  // a: exit code; b: 1 when it ran out of memory
};

struct Message {
    Word word = Word::attach;
    int32_t a = 0, b = 0;
    String payload;
};

// A message as it goes over the socket.
String pack(Word word, int32_t a = 0, int32_t b = 0, std::string_view payload = {});

// EPIPE: the other side is gone; EAGAIN (only without `wait`): it does not read.
Result<void> send(const Fd& socket, const String& packed, bool wait = true);
// Nothing when the other side is gone.  EBADMSG: not a message of ours.
Result<std::optional<Message>> receive(const Fd& socket);

// The process at the other end of a connected socket, or the one that listened there.
pid_t process_of(const Fd& socket);

// The address of a socket in `directory`, however long the path to it is: by way of /proc/self/fd.
// `directory` is borrowed while the address is used.
sockaddr_un socket_address(const Fd& directory, const char* name);

// An Error as a message `failed`, and back.
String pack_failure(const Error& error);
Error error_of(const Message& message);

}  // namespace kist::service
