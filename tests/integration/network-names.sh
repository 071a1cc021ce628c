#!/bin/sh
# network-names.sh - containers on a network find each other by name, alias, id and address; names of others are
# asked of this machine's servers, as its resolv.conf names them at that time.
. "$(dirname "$0")/network.sh"
# timeout: 300

# looked_up CONTAINER NAME: the addresses that it gets, one a line.  With a dot: BusyBox tries one domain only.
looked_up() {
    k exec "$1" nslookup "$2." 2> /dev/null |
        awk '/^Name:/ { found = 1; next } found && /^Address/ { print $NF }' | sed 's/ .*//'
}
finds() { [ "$(looked_up "$1" "$2" | head -1)" = "$3" ]; }
hosts_of() { k exec "$1" cat /etc/hosts; }

# ---- this machine's own server, and its resolv.conf, which are the test's
cat > "$work/dns.py" <<'PYTHON'
import socket, struct, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
print("here", flush=True)
while True:
    query, client = server.recvfrom(512)
    end = query.index(b"\0", 12) + 5
    kind = struct.unpack(">H", query[end - 4:end - 2])[0]
    name = query[12:end - 5]
    known = name.lower() in (b"\x07example\x04test", b"\x06second\x03lan\x04test")
    has = known and kind == 1
    head = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, 1 if has else 0, 0, 0)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + socket.inet_aton(sys.argv[2]) if has else b""
    server.sendto(head + query[12:end] + answer, client)
PYTHON
server_at() {
    ${3:-env} $python "$work/dns.py" "$1" "$2" > "$work/dns.$1" 2>&1 &
    children="$children $!"
    eventually 5 grep -q here "$work/dns.$1"
}
# In the network of a container, at its address.
server_in() {
    pid=$(k inspect "$1" --format '{{.State.Pid}}')
    server_at "$(address_of "$1")" "$2" "nsenter --net=/proc/$pid/ns/net"
}
server_at 127.0.0.1 192.0.2.1
server_at 127.0.0.2 192.0.2.2
resolv() {
    printf 'nameserver %s\nsearch lan.test\noptions ndots:1\n' "$1" > "$work/resolv.new"
    # As a bind mount its inode stays.
    cat "$work/resolv.new" > "$work/resolv.conf"
}
resolv 127.0.0.1
mount --bind "$work/resolv.conf" "$(realpath /etc/resolv.conf)"

# ---- names, aliases, ids
k network create one > /dev/null
serve first --network one --network-alias alpha --hostname box
serve second --network one
first=$(address_of first)
second=$(address_of second)
id=$(k ps -q --filter name=first)
for name in first alpha "$id" box FIRST; do
    same "$(looked_up second "$name" | head -1)" "$first"
done
same "$(looked_up first second | head -1)" "$second"
k exec second ping -c 1 -W 2 alpha > /dev/null || fail "second cannot ping alpha"
# Before the search domains: there is a second.lan.test, too.
has "$(k exec first ping -c 1 -W 2 second)" "($second)"
k exec second ping -c 1 -W 2 "$first" > /dev/null || fail "second cannot ping $first"
answer first 80
has "$(ask second alpha 80)" "first for $second"
has "$(k exec second nslookup "$first")" "first"
ends_with 1 k exec second nslookup nobody-there.

# ---- files
same "$(k exec second cat /etc/resolv.conf)" "nameserver 127.0.0.11
search lan.test
options ndots:1
options ndots:0"
has "$(hosts_of first)" "$first	box"
has "$(hosts_of second)" "$second	$(k ps -q --filter name=second)"
k run --rm --network one --dns-search a.test --dns-option ndots:3 --add-host gate:host-gateway "$image" \
    cat /etc/resolv.conf /etc/hosts > "$work/said"
has "$(cat "$work/said")" "search a.test"
has "$(cat "$work/said")" "options ndots:3"
gateway=$(k network inspect one --format '{{(index .IPAM.Config 0).Gateway}}')
has "$(cat "$work/said")" "$gateway	gate"
lacks "$(cat "$work/said")" "lan.test"

# ---- the rest of the world, and a resolv.conf that changes under a container that runs
same "$(looked_up second example.test)" 192.0.2.1
resolv 127.0.0.2
eventually 5 finds second example.test 192.0.2.2
same "$(looked_up second first)" "$first"
k run --rm --network one --dns 127.0.0.1 "$image" nslookup example.test. > "$work/said" || :
has "$(cat "$work/said")" 192.0.2.1

# ---- a server that is a container: asked from inside, also where the network leads nowhere else
k network create --internal shut > /dev/null
serve server --network one
server_in server 192.0.2.3
serve shut-server --network shut
server_in shut-server 192.0.2.4
serve user --network one --dns "$(address_of server)"
same "$(looked_up user example.test)" 192.0.2.3
same "$(looked_up user first)" "$first"
serve shut-user --network shut --dns "$(address_of shut-server)" --dns 127.0.0.1
same "$(looked_up shut-user example.test)" 192.0.2.4
serve third --network shut --dns 127.0.0.1 --dns "$(address_of server)"
ends_with 1 k exec third nslookup example.test.
# ---- as networks come and go, and when the agent of all was killed
k network connect one third
eventually 15 finds third example.test 192.0.2.1  # the machine's, which is the first
serve fourth --network bridge --dns "$(address_of server)"
k network connect one fourth
eventually 5 finds fourth example.test 192.0.2.3
if [ "$mode" != root ]; then
    kill -9 $(agents)
    eventually 20 finds user example.test 192.0.2.3
fi
k rm -f server shut-server user shut-user third fourth > /dev/null
k network rm shut > /dev/null

# ---- the default network knows no names
serve third --network bridge
serve fourth --network bridge
k exec third ping -c 1 -W 2 "$(address_of fourth)" > /dev/null || fail "third cannot ping fourth"
ends_with 1 k exec third nslookup fourth.
same "$(looked_up third example.test)" 192.0.2.2

# ---- IPv6
k network create --ipv6 --subnet 10.66.0.0/24 --subnet fd66::/64 six > /dev/null
serve left --network six
serve right --network six --ip6 fd66::77
has "$(hosts_of right)" "fd66::77	$(k ps -q --filter name=right)"
eventually 5 k exec left ping -6 -c 1 -W 1 right
has "$(looked_up left right)" "fd66::77"
k rm -f left right > /dev/null

# ---- a new name, and names after a restart
# Names are found while somebody changes networks and does not come to an end with it; then it is made known.
flock -F "$(volatile)/network" sleep 100 &
holder=$!
children="$children $holder"
eventually 5 sh -c '! flock --nonblock "$0" true' "$(volatile)/network"
k rename second renamed
[ "$mode" = root ] || kill -9 $(agents)
sleep 0.3
same "$(looked_up renamed first | head -1)" "$first"
same "$(looked_up first second | head -1)" "$second"
kill $holder
wait $holder || :
eventually 5 finds first renamed "$second"
ends_with 1 k exec first nslookup second.
eventually 20 finds first example.test 192.0.2.2
eventually 20 k exec first ping -c 1 -W 1 renamed
k restart -t 1 first
same "$(address_of first)" "$first"
eventually 5 finds renamed alpha "$first"
same "$(looked_up first renamed)" "$second"

# ---- the end
k rm -f first renamed third fourth > /dev/null
nothing_left
umount "$(realpath /etc/resolv.conf)"
