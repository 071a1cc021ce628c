#!/bin/sh
# network-isolation.sh - what a container cannot reach: other networks, this machine's loopback, the world from an
# internal network, its neighbours where they are not to talk.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins

cannot() { ends_with 1 k exec "$1" sh -c "nc -w 2 $2 $3 < /dev/null"; }
can() { k exec "$1" sh -c "nc -w 2 $2 $3 < /dev/null" || fail "$1 cannot reach $2 $3"; }
listen_outside() {
    nsenter --net="/proc/$beyond/ns/net" busybox nc -ll -p 7000 -e true &
    children="$children $!"
}
listen_outside
mkdir "$work/www"
busybox httpd -f -p 127.0.0.1:7001 -h "$work/www" &
children="$children $!"

# ---- another firewall that drops what it does not know is named, once
if [ "$mode" = root ]; then
    nft add table ip filter
    nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'
    has "$(k run --rm --network bridge "$image" true 2>&1)" "ip filter FORWARD"
    same "$(k run --rm --network bridge "$image" true 2>&1)" ""
    has "$(k info)" "ip filter FORWARD"
    nft delete table ip filter
    lacks "$(k info)" "ip filter FORWARD"
    has "$(k info)" "net.ipv4.ip_forward = 1"
fi

k network create one > /dev/null
k network create two > /dev/null
k network create --internal within > /dev/null
k network create -o com.docker.network.bridge.enable_icc=false apart > /dev/null
for network in one two within apart; do
    serve "$network-a" --network $network
    serve "$network-b" --network $network
    answer "$network-a" 80
    eval "$network=\$(address_of $network-a)"
done

# ---- its own network, and the world
eventually 5 k exec one-b nc -w 1 10.99.0.2 7000
can one-b "$one" 80
can two-b "$two" 80

# ---- another network
cannot one-b "$two" 80
cannot two-b "$one" 80
cannot one-b "$within" 80
cannot within-b "$one" 80

# ---- internal: its neighbours, and nobody else
can within-b "$within" 80
cannot within-b 10.99.0.2 7000

# ---- apart: the world, and no neighbours
can apart-b 10.99.0.2 7000
cannot apart-b "$apart" 80

# ---- this machine's loopback, by whoever has made himself a way there
connects() {
    "$@" $python -c 'import socket; socket.create_connection(("127.0.0.1", 7001), 2)' 2> /dev/null
}
eventually 5 connects command
cannot one-b 127.0.0.1 7001
there=/proc/$(k inspect one-b --format '{{.State.Pid}}')/ns/net
nsenter --net="$there" sh -c "echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet
    ip address del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via ${one%.*}.1 dev eth0"
has "$(nsenter --net="$there" ip route get 127.0.0.1)" "dev eth0"
not connects nsenter --net="$there"

# ---- none has loopback only, host this machine's
same "$(k run --rm --network none "$image" ls /sys/class/net)" lo
same "$(k run --rm --network host "$image" readlink /proc/self/ns/net)" "$here"
k rm -f $(k ps -aq) > /dev/null
nothing_left
