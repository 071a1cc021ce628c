// files.h - /etc/hosts, /etc/resolv.conf and /etc/hostname of a container.
//
// They are written to its volatile directory and bound over the image's.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/spec.h"
#include "network/wiring.h"

namespace kist::container {

// `host` is the text of the host's own file; it is what the container gets on the host's network,
// with --add-host's lines below.  `wiring`: what networks it is on, null for none; with it come
// lines of its own addresses.
String hosts_text(const Spec& spec, std::string_view host, const network::Wiring* wiring);

// The host's resolv.conf with --dns, --dns-search and --dns-option in place of what it says;
// without a network only these.  With `wiring` the one server is kist's (network/resolver.h), which
// asks those.
String resolver_text(const Spec& spec, std::string_view host, const network::Wiring* wiring);

// Adds the lines of an endpoint to the hosts file in the volatile directory of a container that
// runs, or takes them away, and leaves the others as they are.  Written in place, as it is mounted;
// where a mount of the user's covers it there is none, and what the container has made of it may be
// no more to be changed.  The caller may write what is the container's.
void change_hosts(const Fd& volatile_directory, const network::Endpoint& endpoint,
                  std::string_view hostname, bool add);

struct FilesRequest {
    const Spec& spec;
    const Fd& root;                // of the container, mounted
    const Fd& volatile_directory;  // takes the files
    const network::Wiring* wiring;
    const Fd* shared;  // the directory of the container whose files these are to be; may be null
};

// Writes and mounts them; those that a mount of the user's covers are left out.  Also
// /etc/localtime for --tz: ENOENT when the host does not know the time zone.
Result<void> provide_files(const FilesRequest& request);

}  // namespace kist::container
