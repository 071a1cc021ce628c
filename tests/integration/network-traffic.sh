#!/bin/sh
# network-traffic.sh - what goes to and fro arrives as it was, and how connections end is seen on the other side.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins
much=${KIST_MEGABYTES:-1024}
traffic="$python $fixtures/traffic.py"

# peer NAME COMMAND...: a server that ends with the test
peer() {
    peer=$1
    shift
    mkfifo "$work/$peer.hold"
    sleep 600 > "$work/$peer.hold" &
    children="$children $!"
    "$@" < "$work/$peer.hold" > "$work/$peer.out" &
    children="$children $!"
    eventually 10 grep -q ready "$work/$peer.out"
}
inside() { nsenter --net="/proc/$(k inspect -f '{{.State.Pid}}' one)/ns/net" "$@"; }

k network create --ipv6 --subnet 10.55.0.0/24 --subnet fd55::/64 six > /dev/null
serve one --network six -p 7100:7000 -p 127.0.0.1:7101:7000
eventually 5 inside ip -6 address show dev eth0
peer outer outside $traffic serve 10.99.0.2 7000
peer inner inside $traffic serve 0.0.0.0 7000

# ---- from the container
same "$(inside $traffic up 10.99.0.2 7000 "$much")" "the same"
same "$(inside $traffic down 10.99.0.2 7000 "$much")" "the same"
same "$(inside $traffic reset 10.99.0.2 7000)" reset
same "$(inside $traffic abort 10.99.0.2 7000)" reset
same "$(inside $traffic stall 10.99.0.2 7000 500)" "500 the same"

# ---- to it: from elsewhere, and from this machine's loopback
same "$(outside $traffic up 10.99.0.1 7100 "$much")" "the same"
same "$(outside $traffic down 10.99.0.1 7100 "$much")" "the same"
same "$(outside $traffic reset 10.99.0.1 7100)" reset
same "$(outside $traffic abort 10.99.0.1 7100)" reset
same "$($traffic stall 127.0.0.1 7101 500)" "500 the same"

# ---- what is not there is not there for the container either, at once
refused='import socket, sys, time
began = time.monotonic()
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
    print("connected")
except OSError as error:
    print(error.strerror or error, "at once" if time.monotonic() - began < 2 else "late")'
same "$(inside $python -c "$refused" 10.99.0.2 7999)" "Connection refused at once"
outside ip route add unreachable 10.98.1.0/24
outside sysctl -qw net.ipv4.ip_forward=1
ip route add 10.98.0.0/16 via 10.99.0.2
same "$(inside $python -c "$refused" 10.98.1.1 80)" "No route to host at once"
