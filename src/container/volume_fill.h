// volume_fill.h - copying the image's files into a volume that is used for the first time.

#pragma once

#include "base/fd.h"
#include "base/fs.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::container {

// Gives the volume `name` in the directory `volume` (volume_store.h) what is in the directory
// `target` of `root`, an image's files before anything is mounted in them: contents, owner, mode
// and times. Docker's rules: once, and only when the volume is empty; a `target` that is missing
// changes nothing.  Waits for another container that fills it.  Killed in the middle, it leaves a
// volume that the next call goes on with.  Runs where the ids of the files are known.
Result<void> fill_volume(const Fd& volume, const String& name, const Fd& root, const String& target,
                         fs::Durable durable);

}  // namespace kist::container
