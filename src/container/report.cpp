// report.cpp - what the processes of a launch tell the one that asked for it.

#include "container/report.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

namespace {

// On the wire: this, then the words.
struct Head {
    Report::Kind kind;
    Stage stage;
    int code;
    pid_t pid;
    uid_t uid;
    gid_t gid;
    uint32_t message_size, hint_size;
};

union Control {
    cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

// The descriptor that came with a message.
std::optional<Fd> received_file(msghdr& message)
{
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        return std::nullopt;
    int number = -1;
    memcpy(&number, CMSG_DATA(control), sizeof number);
    return Fd(number);
}

}  // namespace

Report Report::of(Stage stage, const Error& error)
{
    Report report;
    report.stage = stage;
    report.code = error.code();
    report.message = error.message();
    report.hint = error.hint();
    return report;
}

Error Report::error() &&
{
    return Error(code, "%s", message.c_str()).with_hint(std::move(hint));
}

Result<void> send_report(const Fd& socket, const Report& report)
{
    Head head = {report.kind, report.stage, report.code, report.pid, report.uid, report.gid, 0, 0};
    String words = report.message.substr(0, kMaxReport / 2);
    head.message_size = uint32_t(words.size());
    words += report.hint.substr(0, kMaxReport / 4);
    head.hint_size = uint32_t(words.size()) - head.message_size;

    iovec parts[] = {{&head, sizeof head}, {words.data(), words.size()}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    Control control = {};
    if (report.file) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        int number = report.file->get();
        memcpy(CMSG_DATA(&control.header), &number, sizeof number);
    }
    if (sys::retry([&] { return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL); }) < 0)
        return os_error("report");
    return {};
}

Result<std::optional<Report>> receive_report(const Fd& socket)
{
    Head head = {};
    String words(kMaxReport, '\0');
    iovec parts[] = {{&head, sizeof head}, {words.data(), words.size()}};
    Control control = {};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    ssize_t got = sys::retry([&] { return ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC); });
    if (got < 0 && errno != ECONNRESET)
        return os_error("hear from the container's process");
    if (got <= 0)
        return std::optional<Report>();

    Report report;
    report.file = received_file(message);
    size_t size = size_t(got);
    if (size < sizeof head || size - sizeof head != size_t(head.message_size) + head.hint_size)
        return Error(EBADMSG, "the container's process sent something unreadable");
    report.kind = head.kind;
    report.stage = head.stage;
    report.code = head.code;
    report.pid = head.pid;
    report.uid = head.uid;
    report.gid = head.gid;
    report.message = words.substr(0, head.message_size);
    report.hint = words.substr(head.message_size, head.hint_size);
    return std::optional<Report>(std::move(report));
}

Result<void> say_go(const Fd& socket)
{
    if (sys::retry([&] { return ::send(socket.get(), "g", 1, MSG_NOSIGNAL); }) < 0)
        return os_error("start the container's process");
    return {};
}

Result<void> wait_for_go(const Fd& socket)
{
    char word = 0;
    if (sys::retry([&] { return ::recv(socket.get(), &word, 1, 0); }) != 1)
        return Error(EPIPE, "kist ended before the container was started");
    return {};
}

bool is_connected(const Fd& socket)
{
    pollfd state = {socket.get(), 0, 0};
    return ::poll(&state, 1, 0) == 0;  // POLLHUP and POLLERR are always told
}

}  // namespace kist::container
