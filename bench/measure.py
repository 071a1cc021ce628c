#!/usr/bin/python3
"""measure.py - times commands against each other: interleaved rounds, medians, ratios.

Reads lines "NAME<tab>COMMAND" (a shell command) on stdin; the first one is what the others are held
against.  A line "NAME<tab>COMMAND<tab>PREPARE" runs PREPARE, untimed, before each round.  Each round runs
every command once, so that whatever disturbs the machine disturbs them all.  Prints median time, median of
the ratios to the first one in the same round, and the largest memory of any process of it (in one more round).
"""
import os
import subprocess
import sys
import tempfile
import time


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def run_once(argv):
    """Seconds that `argv` took."""
    reader, writer = os.pipe()
    begin = time.perf_counter()
    child = os.posix_spawnp(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, writer, 2)])
    os.close(writer)
    _, status = os.waitpid(child, 0)
    elapsed = time.perf_counter() - begin
    said = os.read(reader, 65536) if status else b""
    os.close(reader)
    if status:
        sys.exit(f"failed ({status}): {' '.join(argv)}\n{said.decode(errors='replace')}")
    return elapsed


def peak_of(argv):
    """Peak kilobytes by GNU time: what this interpreter starts itself counts the interpreter's memory too."""
    with tempfile.NamedTemporaryFile("r") as file:
        run_once(["/usr/bin/time", "-q", "-f", "%M", "-o", file.name, *argv])
        return int(file.read().split()[-1])


def main():
    rounds = int(sys.argv[1])
    rows = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
    times = {row[0]: [] for row in rows}
    peaks = {row[0]: 0 for row in rows}
    for number in range(rounds + 1):
        for row in rows:
            if len(row) > 2:
                subprocess.run(row[2], shell=True, check=True, stdout=subprocess.DEVNULL)
            # "exec" keeps the shell out of what is measured, but for its own few hundred microseconds,
            # which a command without shell characters is spared.
            plain = not any(c in row[1] for c in "|&;<>$'\"*()")
            argv = row[1].split() if plain else ["/bin/sh", "-c", row[1]]
            if number:
                times[row[0]].append(run_once(argv))
            else:  # the first round warms up, and measures memory
                peaks[row[0]] = peak_of(argv)
    first = rows[0][0]
    print(f"{'':28}{'median ms':>11}{'ratio':>9}{'peak KB':>10}   (ratio: its time / time of {first})")
    for row in rows:
        name = row[0]
        ratio = median([t / own for t, own in zip(times[name], times[first])])
        print(f"{name:28}{median(times[name]) * 1000:11.2f}{ratio:9.2f}{peaks[name]:10}")


main()
