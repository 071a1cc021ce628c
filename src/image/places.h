// places.h - where the store and the volatile state are.
//
// root user: /var/lib/kist and /run/kist.  Others: $XDG_DATA_HOME/kist (~/.local/share/kist) and
// $XDG_RUNTIME_DIR/kist (then /run/user/UID/kist, then a private directory in /tmp).  --root and
// --state, KIST_ROOT and KIST_STATE, and /etc/kist.conf ("root = PATH", "state = PATH"; "%U" in a
// path is the user's id), in this order, come first.  A state directory that the store has already,
// and that is not said otherwise, stays what it is until it goes (at the latest with this boot).

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::image {

struct Places {
    String root;   // the store: images, layers, containers; survives a reboot
    String state;  // locks and what holds for this boot only; on tmpfs
};

// What the flags --root and --state said ("" when not given), completed by the rules above.
// A relative path is taken from the working directory.  A state directory in /tmp must be ours,
// mode 0700, and no link (EPERM).  Warns (log::warn) when the state directory is not on tmpfs. Call
// it before entering a user namespace: there, everybody looks like root.
Result<Places> find_places(const String& root, const String& state);

// Notes in the store where its state is, so that it is found whatever the environment of the next
// command says; as long as that directory is there.
void keep_state(const Fd& store, const String& state);

// Whether this is the first time in this boot: STATE/locks/.said-WHAT tells.
bool first_time(const String& state, const char* what);

}  // namespace kist::image
