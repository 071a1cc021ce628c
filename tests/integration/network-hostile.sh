#!/bin/sh
# network-hostile.sh - packets of a container that is not what it seems: none gets to this machine's loopback, and who
# passes packets on goes on doing so for the others.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins

# Who gets anything on the loopback tells.
cat > "$work/watch.py" << 'E'
import selectors, socket, sys
port, all = int(sys.argv[1]), selectors.DefaultSelector()
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        each = socket.socket(family, kind)
        if family == socket.AF_INET6:
            each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        each.bind((address, port))
        if kind == socket.SOCK_STREAM:
            each.listen()
        all.register(each, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in all.select():
        tcp = key.fileobj.type == socket.SOCK_STREAM
        print("seen", key.fileobj, key.fileobj.accept()[1] if tcp else key.fileobj.recvfrom(99), flush=True)
E
$python "$work/watch.py" 7001 > "$work/seen" &
children="$children $!"
eventually 5 grep -q ready "$work/seen"
nsenter --net="/proc/$beyond/ns/net" busybox nc -ll -p 7000 -e echo outside &
children="$children $!"
hear() {  # PORT FILE: who of the containers connects, and what datagrams come from them
    nsenter --net="/proc/$beyond/ns/net" $python -c 'import socket, sys, threading
def count(listener):
    while True:
        print(listener.accept()[1], flush=True)
threading.Thread(target=count, args=(socket.create_server(("10.99.0.2", int(sys.argv[1]))),)).start()
here = socket.socket(type=socket.SOCK_DGRAM)
here.bind(("10.99.0.2", int(sys.argv[1])))
while True:
    print(here.recvfrom(99), flush=True)' "$1" > "$2" &
    children="$children $!"
}
hear 7001 "$work/elsewhere"
hear 7002 "$work/from-within"

k network create --ipv6 --subnet 10.55.0.0/24 --subnet fd55::/64 six > /dev/null
k network create --subnet 10.56.0.0/24 other > /dev/null
serve one --network six
serve two --network six
serve three --network other
k network create --internal --subnet 10.57.0.0/24 within > /dev/null
serve shut --network within

# attack NAME ROUTER PORT FROM: from then on the card of its router is known
attack() {
    k exec "$1" ping -c 1 -W 1 "$2" > /dev/null || :
    card=$(k exec "$1" awk '$1 == "'"$2"'" { print $4 }' /proc/net/arp)
    nsenter --net="/proc/$(k inspect -f '{{.State.Pid}}' "$1")/ns/net" \
        $python "$fixtures/hostile_packets.py" eth0 "$card" "$3" "$2" "$4" 10.99.0.2
}
attack one 10.55.0.1 7001 "$(address_of one)"
eventually 5 grep -q evil "$work/elsewhere"  # they do go out
# Who passes for somebody of another network does not get where that one may.
attack shut 10.57.0.1 7002 "$(address_of two)"
k exec one ping -c 1 -W 3 10.99.0.2 > /dev/null
same "$(cat "$work/from-within")" ""

# ---- the same by connections that are what they seem
for place in 10.55.0.1 10.56.0.1 "$(address_of three)"; do
    ends_with 1 k exec one sh -c "nc -w 2 $place 7001 < /dev/null"
done
same "$(cat "$work/seen")" ready

# ---- and all goes on
has "$(k exec two sh -c 'nc -w 5 10.99.0.2 7000 < /dev/null')" outside
has "$(k exec one sh -c 'nc -w 5 10.99.0.2 7000 < /dev/null')" outside
