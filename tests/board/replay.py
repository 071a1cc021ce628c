#!/usr/bin/env python3
"""replay.py - makes the disk that a power cut leaves, from the disk before and the log of its writes.

usage: replay.py DISK LOG SEED

LOG is QEMU's (blklogwrites, the format of the kernel's dm-log-writes).  A drive may keep what it was told in
volatile memory until it is told to flush, and may write it in any order.  So: everything up to the last flush
is on the disk, and each later write is or is not, by the seed; one of them may even be torn at a sector.
Disks write in bursts and are idle in between, so that a cut by the clock seldom meets a burst: for two seeds of
three the cut is at a random entry of the log instead of its end.
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


def main():
    disk_name, log_name, seed = sys.argv[1:]
    chance = random.Random(seed)
    with open(disk_name, "r+b") as disk, open(log_name, "rb") as log:
        pending, written, flushes, size = [], 0, 0, 512
        history = list(entries(log))
        until = chance.choice((len(history), chance.randrange(len(history)), chance.randrange(len(history))))

        def settle(write):
            nonlocal written
            disk.seek(write[0])
            disk.write(write[1])
            written += 1

        for offset, flags, data, size in history[:until]:
            if flags & FLUSH:
                flushes += 1
                for write in pending:
                    settle(write)
                pending = []
            if data and flags & FUA:
                settle((offset, data))
            elif data:
                pending.append((offset, data))
        # A disk has one of three tempers: it lost all it had not flushed, a part of it, or nothing.
        share = chance.choice((0.0, 0.5, 1.0, chance.random()))
        kept = [write for write in pending if chance.random() < share]
        if kept and share < 1:
            offset, data = kept[-1]
            kept[-1] = offset, data[:size * chance.randint(0, len(data) // size)]
        for write in kept:
            settle(write)
    print(f"{until} of {len(history)} entries: {written} writes, {flushes} flushes, "
          f"{len(pending) - len(kept)} of {len(pending)} unflushed lost")


if __name__ == "__main__":
    main()
