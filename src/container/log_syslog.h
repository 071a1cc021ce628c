// log_syslog.h - a container's lines as datagrams for a syslog service.

#pragma once

#include <netinet/in.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/log.h"

namespace kist::container {

// To a local socket as syslog(3) writes ("<30>name[pid]: text": the service adds the time), to a
// host as RFC 5424 says.
class Syslog {
public:
    // Finds out where to send; a host's name is looked up now and never again.  EINVAL names
    // what is wrong with the address.  A service that does not run is no error.
    static Result<Syslog> open(const Spec& spec);

    // Sends one line.  A service that does not keep up is waited for once, for a moment; then
    // lines are dropped, and counted, until it takes them again.
    void add(Stream stream, std::string_view text);

private:
    bool connect();
    bool send(Stream stream, std::string_view text);

    union Address {
        sockaddr any;
        sockaddr_un local;
        sockaddr_in6 six;  // or a sockaddr_in
    } address_ = {};
    socklen_t length_ = 0;
    std::optional<Fd> socket_;
    String tag_, host_;
    uint64_t dropped_ = 0;
    int reason_ = 0;  // why, an errno
};

// Whether `address` is one that open() takes, without looking a name up.  EINVAL.
Result<void> check_syslog_address(const String& address);

}  // namespace kist::container
