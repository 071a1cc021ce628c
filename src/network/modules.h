// modules.h - the kernel's modules that networks are made of.
//
// The kernel loads each when it is asked for what the module does, and for rules that takes long: a
// batch is begun again for every module that it lacks, and all that it has asked for before is
// asked for again, each time by another modprobe.  One that is told all of them does it at once.

#pragma once

namespace kist::network {

// What to do about one that is missing.
extern const char kModulesHint[];

// As root: loads what networks need, and with `relay` those of ordinary users, by the program that
// the kernel itself would call (/proc/sys/kernel/modprobe, proc(5)).  Where that fails they come,
// or are said to be missing, when they are needed.
void load_modules(bool relay);

}  // namespace kist::network
