// check.h - what this board has and lacks, for `kist check`.
//
// Each probe is a row of a table; the ones that must try something (a namespace, an overlay mount)
// do it in a forked child whose namespaces end with it, so nothing is left behind.

#pragma once

#include <ctime>

#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

enum class CheckState {
    ok,
    limited,  // works, with something less; `fix` says how to get the rest
    missing,
};

struct CheckRow {
    const char* feature;  // "user namespaces": stable, scripts select by it
    CheckState state = CheckState::ok;
    String meaning;  // what was found and what it is good for, one sentence
    String fix;      // what to do; empty when state is ok
};

struct CheckContext {
    time_t built = 0;  // date of the last commit in the build; the clock must not be behind it
};

// Runs every probe as the calling user.  Never fails: what cannot be found out is `missing`, with
// the reason.
Vector<CheckRow> check_board(const CheckContext& context);

// "ok", "limited", "missing".
const char* check_state_name(CheckState state);

}  // namespace kist::container
