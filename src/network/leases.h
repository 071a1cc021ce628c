// leases.h - which container has which address and which names on a network.
//
//     STATE/network/NETWORK.json   its leases, replaced atomically
//     STATE/network                is itself locked (flock) by who changes one, a bridge or rules
//
// A file that is missing or not whole (a power cut, a full disk) is made anew from the wiring.h of
// all containers, so that no address is given twice.
//
// Names are looked up by reading the file, so nobody has to be told of a change.

#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/address.h"
#include "network/network.h"
#include "network/wiring.h"

namespace kist::network {

struct Lease {
    String container;
    String address, address6;  // without the length of the prefix
    Vector<String> names;
};

// What a container asks for on one network; empty: anything.
struct Wish {
    String address, address6, mac;  // --ip, --ip6, --mac-address
    Vector<String> names;
};

class Leases {
public:
    // Makes STATE/network where missing.  `state`: the volatile directory's path.
    static Result<Leases> open(const String& state);
    // With the lock: who has it changes leases, bridges and rules alone.  It is held as long as the
    // result lives, or until close().  Without `wait`: EAGAIN.
    static Result<Leases> lock(const String& state, bool wait = true);
    void close() { directory_.close(); }

    // Takes addresses: those wished for (EADDRINUSE: another has it; EINVAL: not in the subnet), or
    // the ones that it had last when they are free, or the next that were not given out lately, so
    // that an address is not reused at once.  Who is on the network already stays where it is,
    // unless it wishes for something else, and gets its new names.  The endpoint is complete but
    // for the names of the pair of links. ENOSPC: the subnet is full.  The caller holds the lock.
    Result<Endpoint> take(const Network& network, const String& container, const Wish& wish) const;
    // Whether that could be, now.
    Result<void> check(const Network& network, const String& container, const Wish& wish) const;
    // Gives back what `container` has there; nothing is no error.  The caller holds the lock.
    Result<void> release(const String& network_id, const String& container) const;
    // The file of a network that is gone.
    Result<void> remove(const String& network_id) const;

    Result<Vector<Lease>> list(const String& network_id) const;

private:
    explicit Leases(Fd directory) : directory_(std::move(directory)) {}
    Result<Endpoint> take(const Network& network, const String& container, const Wish& wish,
                          bool keep) const;
    Fd directory_;
};

}  // namespace kist::network
