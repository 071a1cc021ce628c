#!/usr/bin/env python3
"""replay.py - makes the disk that a power cut leaves, from the disk before and the log of its writes.

usage: replay.py DISK LOG SEED [SIZE PHASE]

LOG is QEMU's (blklogwrites, the format of the kernel's dm-log-writes).  A drive may keep what it was told in
volatile memory until it is told to flush, and may write it in any order.  So: everything up to the last flush
is on the disk, and each later write is or is not, by the seed; one of them may even be torn at a sector.
Disks write in bursts and are idle in between, so that a cut by the clock seldom meets a burst: the cut is at a
random entry of the log.

Behind the first SIZE bytes of the disk are the words of guest/facts.sh, each a write of its own.  Those from before
the cut are kept, all of them.  The cut is somewhere in PHASE, which begins with "phase PHASE" and ends with the next.
"""

import random
import struct
import sys

MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


def entries(log):
    """The log's entries as (sector, flags, bytes), in the order in which the drive got them."""
    magic, _, promised, sector_size = SUPER.unpack(log.read(SUPER.size))
    if magic != MAGIC:
        sys.exit("replay.py: this is no log of writes")
    position, found = sector_size, 0
    while True:
        log.seek(position)
        head = log.read(ENTRY.size)
        sector, count, flags, _ = ENTRY.unpack(head.ljust(ENTRY.size, b"\0"))
        if not any((sector, count, flags)):  # the log's file is made of zeros before it is written
            if found < promised:
                sys.exit(f"replay.py: {promised} writes in the log, {found} found")
            return
        found += 1
        position += sector_size
        data = None
        if count and not flags & DISCARD:
            log.seek(position)
            data = log.read(count * sector_size)
            position += count * sector_size
        yield sector * sector_size, flags, data, sector_size


def spans(history, size, wanted):
    """The positions in the log that belong to the phase, and the name of the phase at each position."""
    phase, inside, names = "", [], []
    for index, (offset, _, data, _) in enumerate(history):
        if offset >= size and data and data.startswith(b"phase "):
            phase = data.split(b"\0")[0].split()[1].decode()
        names.append(phase)
        if phase == wanted:
            inside.append(index + 1)
    return inside, names


def main():
    disk_name, log_name, seed = sys.argv[1:4]
    size, wanted = (int(sys.argv[4]), sys.argv[5]) if len(sys.argv) > 4 else (1 << 62, "")
    chance = random.Random(seed)
    with open(disk_name, "r+b") as disk, open(log_name, "rb") as log:
        pending, written, flushes = [], 0, 0
        history = list(entries(log))
        inside, names = spans(history, size, wanted)
        until = chance.choice(inside or range(1, len(history) + 1))

        def settle(write):
            nonlocal written
            disk.seek(write[0])
            disk.write(write[1])
            written += 1

        for offset, flags, data, sector in history[:until]:
            if flags & FLUSH:
                flushes += 1
                for write in pending:
                    settle(write)
                pending = []
            if data and (flags & FUA or offset >= size):
                settle((offset, data))
            elif data:
                pending.append((offset, data))
        # A disk has one of three tempers: it lost all it had not flushed, a part of it, or nothing.
        share = chance.choice((0.0, 0.5, 1.0, chance.random()))
        kept = [write for write in pending if chance.random() < share]
        if kept and share < 1:
            offset, data = kept[-1]
            kept[-1] = offset, data[:sector * chance.randint(0, len(data) // sector)]
        for write in kept:
            settle(write)
    print(f"{names[until - 1]}: {until} of {len(history)} entries, {written} writes, {flushes} flushes, "
          f"{len(pending) - len(kept)} of {len(pending)} unflushed lost")


if __name__ == "__main__":
    main()
