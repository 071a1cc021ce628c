// resolv_conf.h - the name servers of this machine, as resolv.conf(5) names them.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/socket_name.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist {

struct ResolvConf {
    Vector<SocketName> servers;
    String search;  // domains with blanks between
    // As glibc limits them.
    unsigned ndots = 1;
    unsigned timeout = 5;  // seconds
    unsigned attempts = 2;
    bool rotate = false;

    // A server's address; what is none is left out, and so are more than a few.
    void add(std::string_view text, uint16_t port);
    // The servers, domains and options in the text of a resolv.conf; all else is skipped.
    void read(std::string_view text, uint16_t port);
    // The same of a file, as far as it can be read.
    void read_file(const String& path, uint16_t port);
};

}  // namespace kist
