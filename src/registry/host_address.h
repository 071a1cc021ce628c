// host_address.h - a host that is an IP address, as certificates have it.

#pragma once

#include <arpa/inet.h>

#include <string_view>

#include "base/string.h"

namespace kist::registry {

class HostAddress {
public:
    explicit HostAddress(const String& host)
    {
        if (::inet_pton(AF_INET, host.c_str(), bytes_) == 1)
            size_ = 4;
        else if (::inet_pton(AF_INET6, host.c_str(), bytes_) == 1)
            size_ = 16;
    }
    // 4 or 16 bytes in network order; none when the host is a name.
    std::string_view bytes() const { return {bytes_, size_}; }

private:
    char bytes_[16];
    size_t size_ = 0;
};

}  // namespace kist::registry
