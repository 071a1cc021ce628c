#!/bin/sh
# network-datagrams.sh - UDP and ping of containers: who answers is who was asked, what is refused is refused inside.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins
ip address add fd99::1/64 dev out0 nodad
outside ip address add fd99::2/64 dev in0 nodad
outside ip route add fd55::/64 via fd99::1
# As systemd has it: who may ping without rights of root.
sysctl -qw net.ipv4.ping_group_range="0 2147483647"

datagrams="$python $fixtures/datagrams.py"
outside $datagrams serve 7000 10.99.0.2 fd99::2 > "$work/served" &
children="$children $!"
eventually 5 grep -q ready "$work/served"
k network create --ipv6 --subnet 10.55.0.0/24 --subnet fd55::/64 six > /dev/null
k network create --internal --subnet 10.56.0.0/24 in > /dev/null
serve one --network six -p 7500:7000/udp -p 127.0.0.1:7501:7000/udp
serve shut --network in
inside() { nsenter --net="/proc/$(k inspect -f '{{.State.Pid}}' "${who:-one}")/ns/net" "$@"; }

# ---- out: by UDP
same "$(inside $datagrams talk 10.99.0.2 7000)" "Connection refused"
same "$(inside $datagrams talk fd99::2 7000)" "Connection refused"
same "$(inside $datagrams many 10.99.0.2 7000)" "still there?"
who=shut
ends_with 1 inside $datagrams talk 10.99.0.2 7000
who=

# ---- in
inside $datagrams serve 7000 0.0.0.0 > "$work/inside" &
children="$children $!"
eventually 5 grep -q ready "$work/inside"
for port in 7500 7501; do
    same "$($python -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(b"hello", ("127.0.0.1", int(sys.argv[1])))
while (got := s.recvfrom(99))[0] != b"hello":
    pass
print(*got[1])' $port)" "127.0.0.1 $port"
done

# ---- ping
for place in 10.99.0.2 10.99.0.1 10.55.0.1 fd99::2 fd55::1; do
    has "$(k exec one ping -c 2 -W 3 $place 2>&1)" " 2 packets received"
done
ends_with 1 k exec one ping -c 1 -W 1 10.99.0.77
ends_with 1 k exec shut ping -c 1 -W 1 10.99.0.2
if [ "$mode" != root ]; then
    sysctl -qw net.ipv4.ping_group_range="1 0"
    ends_with 1 k exec one ping -c 1 -W 1 10.99.0.2
    has "$(k exec one ping -c 1 -W 1 10.55.0.1 2>&1)" " 1 packets received"
fi

k rm -f one shut > /dev/null
nothing_left
