// engine.h - the containers of one store, as commands deal with them.

#pragma once

#include "base/result.h"
#include "container/directories.h"
#include "container/idmap.h"
#include "image/places.h"

namespace kist::service {

struct Engine {
    image::Places places;
    container::OuterNamespace outer;
    container::Directories directories;
};

// Every command that deals with containers begins with this: it finishes what killed processes left
// (sweep.h), and starts those containers again whose monitor was killed during this boot and whose
// restart policy asks for it.  After a reboot that is left to `kist boot`.  The caller is
// single-threaded, outside of the outer user namespace.
Result<Engine> open_engine(const image::Places& places, const container::OuterNamespace& outer);

}  // namespace kist::service
