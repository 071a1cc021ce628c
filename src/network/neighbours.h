// neighbours.h - who else is on the networks of a container, by name.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/socket_name.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/address.h"
#include "network/leases.h"

namespace kist::network {

class Neighbours {
public:
    // Reads what has changed of the wiring of `container` and of the leases on its networks, below
    // the volatile directory `state`.  What cannot be read has nobody in it.
    void refresh(const String& state, const String& container);

    // The addresses of all who are called `name`, or "NAME.NETWORK", on the first network that has
    // any, in no matter which case; none: nobody is.  Where `name` stands for an address of one of
    // them ("2.0.18.172.in-addr.arpa"), `owner` becomes its first name there: "web.mynet".
    Vector<Address> find(std::string_view name, String& owner) const;
    // Whether one of the networks leads anywhere else.
    bool lead_out() const { return lead_out_; }
    // Whether an address is in the subnet of one of them.
    bool are_near(const SocketName& name) const;

private:
    struct Circle {
        String network, id;
        Vector<Lease> leases;
        uint64_t stamp = 0;
    };
    void read_circles(const String& directory);

    Vector<Circle> circles_;  // where names are found
    uint64_t stamp_ = 0;      // of the wiring
    String places_;           // on all networks: "172.18.0.2/16 fd00::2/64 ";
    bool lead_out_ = false;
};

}  // namespace kist::network
