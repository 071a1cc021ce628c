// files.h - /etc/hosts, /etc/resolv.conf and /etc/hostname of a container.
//
// They are written to its volatile directory and bound over the image's.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/spec.h"

namespace kist::container {

// `host` is the text of the host's own file; it is what the container gets on the host's network,
// with --add-host's lines below.
String hosts_text(const Spec& spec, std::string_view host);

// The host's resolv.conf with --dns and --dns-search in place of what it says; without a network
// only these.
String resolver_text(const Spec& spec, std::string_view host);

struct FilesRequest {
    const Spec& spec;
    const Fd& root;                // of the container, mounted
    const Fd& volatile_directory;  // takes the files
};

// Writes and mounts them; those that a mount of the user's covers are left out.  Also
// /etc/localtime for --tz: ENOENT when the host does not know the time zone.
Result<void> provide_files(const FilesRequest& request);

}  // namespace kist::container
