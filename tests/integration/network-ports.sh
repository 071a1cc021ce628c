#!/bin/sh
# network-ports.sh - published ports are reached from this machine, from beyond it and from other containers;
# TCP and UDP, chosen and random, and never twice.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins

k network create one > /dev/null
k network create two > /dev/null
serve web --network one -p 8080:80 -p 127.0.0.1:8081:80
serve near --network one
serve far --network two
answer web 80
web=$(address_of web)

# ---- where it is reached from, and who it sees
has "$(ask - 127.0.0.1 8080)" "web for "
has "$(ask - 10.99.0.1 8080)" "web for "
has "$(ask - localhost 8080)" "web for "
has "$(ask - 127.0.0.1 8081)" "web for "
has "$(ask outside 10.99.0.1 8080)" "web for 10.99.0.2"
has "$(ask near 10.99.0.1 8080)" "web for "
has "$(ask far 10.99.0.1 8080)" "web for "
has "$(ask web 10.99.0.1 8080)" "web for "
ends_with 1 ask outside 10.99.0.1 8081
# Not behind our back: beyond this machine there are no routes to a container.
outside ip route replace "$web" via 10.99.0.1
ends_with 1 ask outside "$web" 80
# The way out.
outside mkdir -p "$work/www/cgi-bin"
printf '#!/bin/sh\nwho=${REMOTE_ADDR##*:}\nprintf "\\r\\noutside for ${who%%]}."\n' > "$work/www/cgi-bin/who"
chmod +x "$work/www/cgi-bin/who"
nsenter --net="/proc/$beyond/ns/net" busybox httpd -f -p 8090 -h "$work/www" &
children="$children $!"
eventually 5 ask web 10.99.0.2 8090
has "$(ask web 10.99.0.2 8090)" "outside for 10.99.0.1"

# ---- UDP
serve echo --network one -p 5353:53/udp
# In the container's network: BusyBox has no server for it.
nsenter --net="/proc/$(k inspect echo --format '{{.State.Pid}}')/ns/net" $python -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 53))
while True:
    s.sendto(*s.recvfrom(64))' &
children="$children $!"
said_back() {
    [ "$("$@" $python -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((sys.argv[1], 5353))
s.send(b"hello")
print(s.recv(64).decode())' "$host")" = hello ]
}
host=10.99.0.1
eventually 5 said_back outside
host=127.0.0.1
said_back command || fail "no UDP from loopback"
k rm -f echo > /dev/null

# ---- a port is had once
ends_with 125 k run --rm --network two -p 8080:80 "$image" true
has "$output" 8080
ends_with 125 k run --rm --network two -p 10.99.0.77:8080:80 "$image" true
has "$output" 10.99.0.77
serve other --network two
has "$(k ps --filter name=web)" "8080->80/tcp"
k rm -f other > /dev/null

# ---- random ones
serve random --network two -p 80 --expose 90 -P
answer random 80
port=$(k port random 80/tcp | head -1 | sed 's/.*://')
has "$(ask - 127.0.0.1 "$port")" "random for "
[ -n "$(k port random 90/tcp)" ] || fail "no port for 90: $(k port random)"
k rm -f random > /dev/null
ends_with 1 ask - 127.0.0.1 "$port"

# ---- a network's usual address of the host; any user may serve low ports and ping
k network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 tight > /dev/null
serve local --network tight -p 8085:80
answer local 80
same "$(k port local 80)" 127.0.0.1:8085
has "$(ask - 127.0.0.1 8085)" "local for "
ends_with 1 ask outside 10.99.0.1 8085
case $mode in root) every_id=2147483647 ;; subuid) every_id=65536 ;; single) every_id=0 ;; esac
same "$(k exec local cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 0
same "$(k exec local cat /proc/sys/net/ipv4/ping_group_range | tr -s "\t" " ")" "0 $every_id"
k rm -f local > /dev/null
k network rm tight > /dev/null
if [ "$mode" = root ]; then
    ip link add br0 type bridge
    ends_with 1 k network create -o com.docker.network.bridge.name=br0 taken
    ip link delete br0
fi

# ---- a restart keeps it; the end frees it
k restart -t 1 web > /dev/null
answer web 80
has "$(ask outside 10.99.0.1 8080)" "web for 10.99.0.2"
k rm -f web near far > /dev/null
ends_with 1 ask outside 10.99.0.1 8080
serve web --network one -p 8080:80
answer web 80
has "$(ask outside 10.99.0.1 8080)" "web for 10.99.0.2"
k rm -f web > /dev/null
nothing_left

# ---- more than there is room for: no port is taken, and who has some keeps them
(
    ulimit -n 1024
    ends_with 125 k run --rm -p 20000-20999:20000-20999 "$image" true
    has "$output" "1000 published ports are too many where a process may open 1024 files"
    has "$output" "ulimit -n 1064"
    nothing_left "too many ports"
    ends_with 125 k run --rm -p 20000-21999:20000-21999 "$image" true
    has "$output" "more than 1024 ports"
    serve web --network one -p 8080:80 -p 20000-20899:20000-20899
    answer web 80
    if [ "$mode" != root ]; then
        ends_with 125 k run --rm -p 21000-21899:20000-20899 "$image" true
        has "$output" "no room for another container and its ports"
        has "$output" "ulimit -Hn"
    fi
    has "$(ask outside 10.99.0.1 8080)" "web for 10.99.0.2"
)
k rm -f web > /dev/null
nothing_left "many ports"
k run --rm -p 20000-20999:20000-20999 "$image" true
nothing_left
