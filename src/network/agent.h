// agent.h - the process that relays between a user's containers and this machine: relay.h.
//
// It listens at a socket that keeps the boundaries of messages (SOCK_SEQPACKET).  To whoever
// connects it says hello: an outcome (base/parcel.h) with descriptors of the gateway's network
// namespace and of the user namespace that owns it.  The monitor of a container then sends the JSON
// of its Guest with the bound sockets of the ports, in their order, in the same message; what does
// not fit into one comes before it, in messages that are kMorePorts.  Each Guest is answered with
// an outcome.  What is sent next over the same connection is the same container, changed, and
// without sockets.  It is served until its connection closes.
//
// A second after the last connection has gone, the agent ends.

#pragma once

#include <sys/types.h>

#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "network/gateway.h"
#include "network/guests.h"

namespace kist::network {

inline constexpr const char* kAgentSocket = "agent";  // in STATE
inline constexpr std::string_view kMorePorts = "+";
inline constexpr size_t kMaxGuest = 192 << 10;  // bytes of its JSON

struct AgentOptions {
    const Fd& state;  // the directory of the socket
    Fd& first;        // taken: a connection that is there already, of who started us
    Fd lock;          // that who starts an agent holds, opened anew
    Fd listener;      // as `first` non-blocking
    Fd network_namespace, user_namespace;
};

// Until nobody is connected any more, or the gateway's process has ended.  Takes the socket's name
// away.
Result<void> run_agent(const Gateway& gateway, AgentOptions options);

// The other side: tells of a container and waits until it is served.  `ports`: as of
// Relay::serve().
Result<void> tell_agent(const Fd& connection, const Guest& guest, std::span<const Fd> ports);

}  // namespace kist::network
