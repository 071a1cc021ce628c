#!/usr/bin/python3
"""network.py - measures the ways into containers that network.sh has made, in rounds that take turns.

    network.py ROUNDS PINGPONG EXT EXT_ADDRESS HERE_ADDRESS < WAYS

A line of WAYS is NAME<tab>PROCESS<tab>PORT<tab>RELAYS: a process in the network namespace of the container, the
port at which its port 8000 is published (PORT + 1 leads to 5201; 0: it is the host itself), and the processes
that relay.  Prints medians, and the medians over the rounds of the ratios within a round, with their floors.
Beside these is the ratio of the best rounds of both, which other work on the machine disturbs least.
"""
import json
import os
import subprocess
import sys
import time

SECONDS = 1  # of a bulk transfer
MILLISECONDS = 500  # of round trips

# What is measured: title, unit.
ROWS = {
    "download": ("download", "Gbit/s"),
    "upload": ("upload", "Gbit/s"),
    "stream": ("TCP round trips", "/s"),
    "connect": ("connections", "/s"),
    "datagram": ("UDP round trips", "/s"),
    "udp": ("UDP bulk that arrived", "Gbit/s"),
    "in": ("-p, bulk in", "Gbit/s"),
    "in stream": ("-p, TCP round trips", "/s"),
    "in connect": ("-p, connections", "/s"),
    "cpu download": ("relay's CPU, download", "s/GB"),
    "cpu upload": ("relay's CPU, upload", "s/GB"),
    "cpu in": ("relay's CPU, -p in", "s/GB"),
}
# Who is to be at least so many times as fast as the better of the others.
FLOORS = [
    ("kist", "download", ("pasta",), 1.0),
    ("kist", "in", ("pasta",), 1.5),
    ("kist", "connect", ("pasta",), 0.95),
    ("kist", "in stream", ("pasta",), 2.0),
    ("kist", "upload", ("slirp4netns",), 3.0),
    ("kist", "download", ("slirp4netns",), 2.0),
    ("kist", "in", ("slirp4netns",), 2.0),
    ("kist", "connect", ("slirp4netns",), 0.9),
    ("kist", "datagram", ("pasta", "slirp4netns"), 0.8),
    ("kist", "udp", ("pasta", "slirp4netns"), 0.8),
    ("kist, root", "download", ("host",), 0.8),
    ("kist, root", "upload", ("host",), 0.8),
    ("kist, root", "in", ("host",), 0.8),
]
# Not counted, for a reason; without a floor.
SHOWN = [
    ("kist", "upload", ("pasta",), "not counted: pasta's upload collapses on some kernels"),
    ("kist", "stream", ("pasta",), ""),
    ("kist", "stream", ("slirp4netns",), ""),
    ("kist", "in connect", ("pasta",), ""),
    ("kist", "in connect", ("slirp4netns",), ""),
    ("kist", "in stream", ("slirp4netns",), ""),
    ("kist", "download", ("host",), ""),
    ("kist", "upload", ("host",), ""),
]
MOST_CPU = 0.12  # seconds a gigabyte
MOST_MEMORY = 2048  # KB


class Way:
    def __init__(self, line, number):
        self.name, process, port, relays = line.rstrip("\n").split("\t")
        self.port, self.relays = int(port), relays.split()
        self.enter = ["nsenter", "--net", "--target", process]
        self.pingpong, self.iperf = str(9000 + number), str(5300 + number)  # its own servers outside
        self.servers = []
        self.values = {row: [] for row in ROWS}


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def cpu_seconds(processes):
    """Time on a processor, of all threads, which schedstat has in nanoseconds."""
    total = 0
    for process in processes:
        for thread in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def memory_kb(processes):
    total = 0
    for process in processes:
        with open(f"/proc/{process}/smaps_rollup") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total


def number_of(argv):
    """What `argv` prints; nothing if it fails, after saying so."""
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        if ran.returncode == 0:
            return ran.stdout
        said = ran.stderr.strip() or ran.stdout.strip()[-200:]
    except subprocess.TimeoutExpired:
        said = "takes too long"
    print(f"failed: {' '.join(argv)}: {said}", flush=True)
    return None


def bulk(way, row, argv):
    """Gbit/s that arrived, and the relay's CPU seconds for each GB."""
    time.sleep(0.1)  # until iperf3's server, which serves one at a time, listens again
    before = cpu_seconds(way.relays)
    said = number_of(argv + ["-J", "-t", str(SECONDS)])
    if said is None:
        return
    result = json.loads(said)
    end = result["end"]
    if "error" in result or not ("sum" in end or "sum_received" in end):
        print(f"failed: {way.name}: {row}: {result.get('error')}", flush=True)
        return
    if "lost_percent" in end.get("sum", {}):  # UDP
        gigabits = end["sum"]["bits_per_second"] / 1e9 * (1 - end["sum"]["lost_percent"] / 100)
    else:
        gigabits = end["sum_received"]["bits_per_second"] / 1e9
        if way.relays and end["sum_received"]["bytes"]:
            spent = cpu_seconds(way.relays) - before
            way.values[f"cpu {row}"][-1] = spent / (end["sum_received"]["bytes"] / 1e9)
    way.values[row][-1] = gigabits


def round_trips(way, row, argv):
    """With all that takes part on one processor, and before other work.  Else it is decided by whether the kernel
    happens to wake the next one on the same processor or the other, and by the time slices of others.  PINNED=no:
    wherever the kernel puts them, as in daily life, which wants a quiet machine and many rounds."""
    if os.environ.get("PINNED") == "no":
        said = number_of(argv + [str(MILLISECONDS)])
        if said is not None:
            way.values[row][-1] = int(said)
        return
    everywhere = os.sched_getaffinity(0)
    one = {max(everywhere)}
    for process in way.relays + way.servers:
        os.sched_setaffinity(int(process), one)
        os.sched_setscheduler(int(process), os.SCHED_RR, os.sched_param(1))
    said = number_of(["taskset", "--cpu-list", str(max(one)), "chrt", "--rr", "1"] + argv + [str(MILLISECONDS)])
    for process in way.relays + way.servers:
        os.sched_setscheduler(int(process), os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(int(process), everywhere)
    if said is not None:
        way.values[row][-1] = int(said)


def measure(way, pingpong, outside, ext_address, here_address):
    for values in way.values.values():
        values.append(None)
    client = way.enter + ["iperf3", "-c", ext_address, "-p", way.iperf]
    bulk(way, "download", client + ["-R"])
    bulk(way, "upload", client)
    bulk(way, "udp", client + ["-u", "-b", "0", "-l", "1400"])
    for kind in ("stream", "connect", "datagram"):
        round_trips(way, kind, way.enter + [pingpong, kind, ext_address, way.pingpong])
    # Of the host itself, nothing is published: its servers are where the published ports of others lead.
    serves, carries = (way.port, way.port + 1) if way.port else (8000, 5201)
    bulk(way, "in", outside + ["iperf3", "-c", here_address, "-p", str(carries)])
    for kind in ("stream", "connect"):
        round_trips(way, f"in {kind}", outside + [pingpong, kind, here_address, str(serves)])


def table(ways):
    print(f"{'':32}" + "".join(f"{way.name:>13}" for way in ways))
    for row, (title, unit) in ROWS.items():
        line = f"{title + ', ' + unit:32}"
        for way in ways:
            values = [value for value in way.values[row] if value is not None]
            digits = {"Gbit/s": 2, "s/GB": 3}.get(unit, 0)
            line += f"{median(values):13.{digits}f}" if values else f"{'-':>13}"
        print(line)


def ratios(way, row, others):
    """Of each round in which both were measured."""
    found = []
    for number, value in enumerate(way.values[row]):
        base = [other.values[row][number] for other in others]
        base = [value for value in base if value]
        if value and base:
            found.append(value / max(base))
    return found


def best_of(way, row):
    return max((value for value in way.values[row] if value), default=0)


def print_ratios(ways):
    print(f"\n{'median of the ratios of each round':52}{'ratio':>7}  {'least - most':14}{'best':>6}{'floor':>7}")
    for name, row, others, floor in FLOORS + SHOWN:
        against = [ways[other] for other in others if other in ways]
        found = ratios(ways[name], row, against) if name in ways and against else []
        if not found:
            continue
        title = f"{name} / {' or '.join(other.name for other in against)}: {ROWS[row][0]}"
        spread = f"{min(found):.2f} - {max(found):.2f}"
        best = best_of(ways[name], row) / max(best_of(other, row) for other in against)
        line = f"{title:52}{median(found):7.2f}  {spread:14}{best:6.2f}"
        if isinstance(floor, float):
            line += f"{floor:7.2f}" + ("" if median(found) >= floor else "   below")
        else:
            line += f"{'':7}  {floor}"
        print(line.rstrip())


def print_limits(way):
    for row in ("cpu download", "cpu upload", "cpu in"):
        values = [value for value in way.values[row] if value is not None]
        if values:
            over = "" if median(values) <= MOST_CPU else "   over"
            print(f"{way.name}: {ROWS[row][0] + ', s/GB':40}{median(values):8.3f}  most {MOST_CPU}{over}")


def main():
    rounds, pingpong, ext, ext_address, here_address = sys.argv[1:]
    outside = ["nsenter", "--net", "--target", ext]
    ways = [Way(line, number) for number, line in enumerate(sys.stdin)]
    servers = []
    for way in ways:
        for prefix, port, iperf in ((outside, way.pingpong, way.iperf), (way.enter, "8000", "5201")):
            for argv in ([pingpong, "serve", port], ["iperf3", "-s", "-p", iperf]):
                server = subprocess.Popen(prefix + argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                servers.append(server)
                if argv[0] == pingpong:
                    way.servers.append(server.pid)
    try:
        time.sleep(1)
        idle = {way.name: memory_kb(way.relays) for way in ways}
        for number in range(int(rounds)):
            for way in ways[number % len(ways):] + ways[:number % len(ways)]:
                measure(way, pingpong, outside, ext_address, here_address)
        table(ways)
        print_ratios({way.name: way for way in ways})
        time.sleep(2)
        for way in ways:
            if not way.relays:
                continue
            print()
            print_limits(way)
            before = cpu_seconds(way.relays)
            time.sleep(2)
            spent = (cpu_seconds(way.relays) - before) * 1000
            print(f"{way.name}: memory (PSS) of {len(way.relays)} processes, before and after: "
                  f"{idle[way.name]} KB, {memory_kb(way.relays)} KB; CPU in 2 s of idling: {spent:.2f} ms")
    finally:
        for server in servers:
            server.terminate()


main()
