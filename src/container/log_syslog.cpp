// log_syslog.cpp - datagrams to /dev/log, to another local socket, or over UDP (RFC 5426).
//
// Local services differ in what they read before the text; "<priority>tag: " is what all of them
// take.  A local socket holds few datagrams (net.unix.max_dgram_qlen), so a burst of lines has to
// wait for its reader now and then, but never long.

#include "container/log_syslog.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "base/lookup.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

namespace {

constexpr int kPatienceMs = 200;
constexpr int kDaemon = 3 << 3;  // the facility; severities are RFC 5424's
constexpr int kInformational = 6, kError = 3;
constexpr size_t kMaxDatagram = 16 << 10;  // of text; below what UDP can carry

Error bad_address(const String& address)
{
    return Error(EINVAL, "--log-opt syslog-address=%s: expected unix:///PATH or udp://HOST:PORT",
                 address.c_str());
}

struct Target {
    String path;          // of a local socket, or
    String host;          // without the brackets of an IPv6 address
    uint16_t port = 514;  // RFC 5426
};

Result<Target> parse_address(const String& address)
{
    std::string_view rest = address;
    Target target;
    if (rest.empty()) {
        target.path = "/dev/log";
        return target;
    }
    if (rest.starts_with("unix:///")) {
        target.path = rest.substr(7);
        if (target.path.size() >= sizeof(sockaddr_un::sun_path))
            return Error(EINVAL, "--log-opt syslog-address=%s: the path is too long",
                         address.c_str());
        return target;
    }
    if (!rest.starts_with("udp://"))
        return bad_address(address);
    rest.remove_prefix(6);
    size_t colon = rest.rfind(':');
    if (rest.ends_with(']') || colon == rest.npos) {
        target.host = rest;
    } else {
        target.host = rest.substr(0, colon);
        auto port = str::to_integer(rest.substr(colon + 1));
        if (!port || *port < 1 || *port > 65535)
            return bad_address(address);
        target.port = static_cast<uint16_t>(*port);
    }
    if (target.host.starts_with('[') && target.host.ends_with(']'))
        target.host = target.host.substr(1, target.host.size() - 2);
    if (target.host.empty())
        return bad_address(address);
    return target;
}

}  // namespace

Result<void> check_syslog_address(const String& address)
{
    TRY(parse_address(address));
    return {};
}

Result<Syslog> Syslog::open(const Spec& spec)
{
    Target target = TRY(parse_address(spec.log.address));
    Syslog log;
    log.tag_ = spec.log.tag.empty() ? spec.name : spec.log.tag;
    if (!target.path.empty()) {
        log.address_.local.sun_family = AF_UNIX;
        memcpy(log.address_.local.sun_path, target.path.c_str(), target.path.size() + 1);
        log.length_ = sizeof(sockaddr_un);
        return log;
    }
    auto found = look_up(target.host, target.port);
    if (!found)
        return Error(EINVAL, "--log-opt syslog-address=%s: %s", spec.log.address.c_str(),
                     found.error().message().c_str())
            .with_hint("an address instead of the name works without DNS");
    log.address_.six = found->front().address;
    log.length_ = found->front().size;
    char host[256];
    bool named = ::gethostname(host, sizeof host) == 0 && host[0];
    log.host_ = named ? host : "-";
    return log;
}

bool Syslog::connect()
{
    if (socket_)
        return true;
    int number = ::socket(address_.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0) {
        reason_ = errno;
        return false;
    }
    Fd socket(number);
    if (::connect(number, &address_.any, length_) < 0) {
        reason_ = errno;
        return false;
    }
    socket_ = std::move(socket);
    return true;
}

bool Syslog::send(Stream stream, std::string_view text)
{
    int priority = kDaemon | (stream == Stream::output ? kInformational : kError);
    String datagram;
    if (address_.any.sa_family == AF_UNIX) {
        datagram = str::format("<%d>%s[%d]: ", priority, tag_.c_str(), int(::getpid()));
    } else {
        int64_t now = clock::now_nanos();
        String time = clock::to_text(now / 1'000'000'000);
        time.pop_back();  // the Z
        datagram = str::format("<%d>1 %s.%06uZ %s %s %d - - ", priority, time.c_str(),
                               unsigned(now % 1'000'000'000 / 1000), host_.c_str(), tag_.c_str(),
                               int(::getpid()));
    }
    datagram += text;
    bool again = true;  // a service that was started anew has another socket
    while (connect()) {
        ssize_t sent = sys::retry(
            [&] { return ::send(socket_->get(), datagram.data(), datagram.size(), MSG_NOSIGNAL); });
        if (sent >= 0)
            return true;
        reason_ = errno;
        if (errno == EAGAIN) {
            pollfd ready = {socket_->get(), POLLOUT, 0};
            if (dropped_ > 0 || ::poll(&ready, 1, kPatienceMs) <= 0)
                return false;
            continue;
        }
        socket_.reset();
        if (!std::exchange(again, false))
            return false;
    }
    return false;
}

void Syslog::add(Stream stream, std::string_view text)
{
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.remove_suffix(1);
    if (text.empty())
        return;
    if (dropped_ > 0) {
        String notice = str::format("kist: %llu line%s dropped here: %s",
                                    static_cast<unsigned long long>(dropped_),
                                    dropped_ == 1 ? " was" : "s were", strerror(reason_));
        if (!send(Stream::errors, notice)) {
            dropped_++;
            return;
        }
        dropped_ = 0;
    }
    if (!send(stream, text.substr(0, kMaxDatagram)))
        dropped_++;
}

}  // namespace kist::container
