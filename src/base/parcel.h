// parcel.h - messages that carry descriptors, over AF_UNIX sockets that keep their boundaries:
// unix(7), SCM_RIGHTS.

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist {

struct Parcel {
    String bytes;
    Vector<Fd> files;
};

inline constexpr size_t kMaxParcelFiles = 250;  // the kernel's SCM_MAX_FD is 253

// Copies of `files` go along.  EPIPE: the other end is gone; EAGAIN (only without `wait`): it does
// not read.
Result<void> send_parcel(const Fd& socket, std::string_view bytes, std::span<const Fd> files = {},
                         bool wait = true);
// Nothing when the other end is gone.  EAGAIN; EMSGSIZE: more than `limit` bytes; EMFILE: there is
// no room for its descriptors.  What is refused is taken off the socket, and its descriptors are
// closed.
Result<std::optional<Parcel>> receive_parcel(const Fd& socket, size_t limit);

// How something has ended, which its error tells, and what it brings.
inline constexpr size_t kMaxOutcome = 8 << 10;  // bytes; longer words are cut
Result<void> send_outcome(const Fd& socket, const Result<void>& outcome,
                          std::span<const Fd> files = {}, bool wait = true);
// EPIPE: the other end is gone without a word; EBADMSG.
Result<Vector<Fd>> receive_outcome(const Fd& socket);

// Calls `work` in a child, and passes on how it has ended, and the descriptors that it has put into
// its list.  EPIPE: the child was killed.  The caller has one thread.
using Work = Result<void> (*)(void* context, Vector<Fd>& files);
Result<Vector<Fd>> in_child(Work work, void* context);

}  // namespace kist
