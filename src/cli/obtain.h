// obtain.h - getting an image: from the store, or from its registry first.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "cli/context.h"
#include "image/store.h"
#include "registry/reference.h"

namespace kist::cli {

struct PullRequest {
    registry::Reference reference;
    String platform;  // "": this machine's
    bool tls_verify = true;
    bool quiet = false;
    bool status_to_stdout = false;  // docker's last lines: as `pull` has it, not `run`
    unsigned parallel = 3;
};

// Pulls with progress on stderr.  The process is inside of the outer user namespace.
Result<image::Image> pull_image(image::Store& store, const PullRequest& request);

// Adds to the events that `action` ("pull", "untag", "delete") has happened to the image `name`.
void tell_image(const Context& context, const char* action, std::string_view name);

struct Obtained {
    image::Image image;
    Fd lock;  // keeps it in the store until a container's record does
};

// Looks `name` up in the store, and pulls it in a child process when it is missing (or, as
// `policy` says, "always" or "never").  The calling process stays outside and single-threaded.
// ECANCELED: the pull failed, and has told why.
Result<Obtained> obtain_image(const Context& context, const String& name, const String& policy,
                              const String& platform);

}  // namespace kist::cli
