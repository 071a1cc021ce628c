// clock_floor.h - what time it is at least, on machines whose clock cannot be believed.
//
// Boards without a clock of their own start in 1970 until the network has told them the time.  Two
// things are known all the same: it is later than this program was built, and later than the day
// from which a certificate that was seen to be genuine is valid.  The latter is kept in a file.

#pragma once

#include <cstdint>

#include "base/string.h"

namespace kist::registry {

class ClockFloor {
public:
    // `file` holds one RFC 3339 time; it need not exist.  Empty: nothing is kept.
    explicit ClockFloor(String file);

    struct Reading {
        int64_t time;  // seconds since 1970: the system's clock, or the floor when that is later
        bool behind;   // the system's clock is before the floor
    };
    Reading read() const;

    // `time` has been proven; kept when it is a day or more later than what is known.  A file that
    // cannot be written is no failure: the next proof will do.
    void prove(int64_t time);

private:
    String file_;
    int64_t floor_;
};

}  // namespace kist::registry
