// parcel.cpp - messages that carry descriptors.

#include "base/parcel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/process.h"
#include "base/sys.h"

namespace kist {

namespace {

union Control {
    cmsghdr header;
    char space[CMSG_SPACE(kMaxParcelFiles * sizeof(int))];
};

// Descriptors that came with a message are ours, whatever else is wrong with it.
Vector<Fd> received_files(msghdr& message)
{
    Vector<Fd> files;
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        return files;
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        int number = -1;
        memcpy(&number, CMSG_DATA(control) + i * sizeof number, sizeof number);
        files.push_back(Fd(number));
    }
    return files;
}

}  // namespace

Result<void> send_parcel(const Fd& socket, std::string_view bytes, std::span<const Fd> files,
                         bool wait)
{
    iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
    Control control;
    memset(&control, 0, sizeof control.header);
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty()) {
        size_t size = files.size() * sizeof(int);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(size);
        for (size_t i = 0; i < files.size(); i++) {
            int number = files[i].get();
            memcpy(CMSG_DATA(&control.header) + i * sizeof number, &number, sizeof number);
        }
    }
    int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    if (sys::retry([&] { return ::sendmsg(socket.get(), &message, flags); }) < 0)
        return Error(errno == ECONNRESET ? EPIPE : errno, "cannot send to the other process: %s",
                     strerror(errno));
    return {};
}

Result<std::optional<Parcel>> receive_parcel(const Fd& socket, size_t limit)
{
    auto peek = [&] { return ::recv(socket.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC); };
    ssize_t size = sys::retry(peek);
    if (size < 0 && errno == ECONNRESET)  // it did not read all of ours; what it said comes behind
        size = sys::retry(peek);
    Parcel parcel;
    parcel.bytes.resize(size > 0 && size_t(size) <= limit ? size_t(size) : 1);
    iovec part = {parcel.bytes.data(), parcel.bytes.size()};
    Control control;
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    ssize_t got = -1;
    if (size >= 0)
        got = sys::retry([&] { return ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC); });
    if (got < 0 && errno != ECONNRESET)
        return os_error("cannot hear the other process");
    if (got >= 0)
        parcel.files = received_files(message);
    if (got <= 0)
        return std::optional<Parcel>();
    if (message.msg_flags & MSG_TRUNC)
        return Error(EMSGSIZE, "a message of %zd bytes, more than %zu", size, limit);
    if (message.msg_flags & MSG_CTRUNC)
        return Error(EMFILE, "no room for the descriptors of a message")
            .with_hint("\"ulimit -Hn\" tells how many there can be");
    return std::optional<Parcel>(std::move(parcel));
}

Result<void> send_outcome(const Fd& socket, const Result<void>& outcome, std::span<const Fd> files,
                          bool wait)
{
    int code = outcome ? 0 : outcome.error().code();
    String text(reinterpret_cast<const char*>(&code), sizeof code);
    if (!outcome)
        text += outcome.error().message().substr(0, kMaxOutcome / 2) + '\0' +
                outcome.error().hint().substr(0, kMaxOutcome / 4);
    return send_parcel(socket, text, files, wait);
}

Result<Vector<Fd>> receive_outcome(const Fd& socket)
{
    auto parcel = TRY(receive_parcel(socket, kMaxOutcome));
    if (!parcel)
        return Error(EPIPE, "the other process ended without a word");
    int code = 0;
    if (parcel->bytes.size() < sizeof code)
        return Error(EBADMSG, "the other process said something unreadable");
    memcpy(&code, parcel->bytes.data(), sizeof code);
    if (code == 0)
        return std::move(parcel->files);
    std::string_view hint = std::string_view(parcel->bytes).substr(sizeof code);
    String words(str::cut(hint, '\0'));
    return Error(code, "%s", words.c_str()).with_hint(String(hint));
}

Result<Vector<Fd>> in_child(Work work, void* context)
{
    sys::Pipe socket = TRY(sys::socket_pair());
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        Vector<Fd> files;
        auto done = work(context, files);
        (void)send_outcome(socket.writer, done, files);
        ::_exit(0);
    }
    socket.writer.close();
    auto outcome = receive_outcome(socket.reader);
    (void)process::wait(child);
    return outcome;
}

}  // namespace kist
