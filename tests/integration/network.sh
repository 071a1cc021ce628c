# network.sh - sourced first: box.sh as root, and words about networks.  The test runs once in each mode, each time in
# a network of its own: root's bridges are in it, an ordinary user's are not, but are reached from it and lead there.
#
#   outside COMMAND...     in a namespace beside it, 10.99.0.2, to which this one is 10.99.0.1
#   serve NAME OPTION...   a container that runs; see answer
#   answer NAME PORT       makes it say its name and who asks to whoever connects to PORT (TCP)
#   ask NAME HOST PORT     what container NAME gets from there; as from the test itself with "-"
if [ -z "${KIST_ONE_MODE:-}" ]; then
    . "$(dirname "$0")/common.sh"
    . "$(dirname "$0")/modes.sh"
    need_root
    need flock nft nsenter
    alone() { KIST_ONE_MODE=$mode KIST_APART='' "$0"; }
    each_mode alone
    exit
fi
. "$(dirname "$0")/box.sh"
mode=$KIST_ONE_MODE
here=$(readlink /proc/self/ns/net)
k pull -q "$image" > /dev/null

outside_begins() {
    unshare --net sleep 1000 &
    beyond=$!
    children="$children $beyond"
    eventually 5 sh -c "[ \"\$(readlink /proc/$beyond/ns/net)\" != '$here' ]"
    ip link add out0 type veth peer name in0 netns $beyond
    ip address add 10.99.0.1/24 dev out0
    ip link set out0 up
    outside ip link set lo up
    outside ip address add 10.99.0.2/24 dev in0
    outside ip link set in0 up
    outside ip route add default via 10.99.0.1
}
outside() { nsenter --net="/proc/$beyond/ns/net" "$@"; }

serve() {
    served_name=$1
    shift
    k run -d --name "$served_name" "$@" "$image" sh -c \
        'trap exit TERM; while :; do sleep 0.1; done' > /dev/null
}
# As CGI: httpd tells it who asks.
answer() {
    k exec "$1" sh -ec 'mkdir -p /www/cgi-bin
        printf "#!/bin/sh\nwho=\${REMOTE_ADDR##*:}\nprintf \"\\r\\n%s for \${who%%]}.\"\n" "$0" > /www/cgi-bin/who
        chmod +x /www/cgi-bin/who; httpd -p "$1" -h /www' "$1" "$2"
}
# Not with BusyBox's wget, which does not bear up where it is linked to glibc.
ask() {
    get='import sys, urllib.request as u
print(u.urlopen("http://%s:%s/cgi-bin/who" % (sys.argv[1], sys.argv[2]), timeout=3).read().decode())'
    case $1 in
        -) $python -c "$get" "$2" "$3" 2>&1 ;;
        outside) outside $python -c "$get" "$2" "$3" 2>&1 ;;
        *) k exec "$1" sh -c 'printf "GET /cgi-bin/who HTTP/1.0\r\n\r\n" | nc -w 3 "$0" "$1"' "$2" "$3" ;;
    esac
}
# An address of a container: address_of NAME [NETWORK]
address_of() {
    k exec "$1" ip -4 -o address show "${2:-eth0}" | awk '{ sub("/.*", "", $4); print $4 }'
}
monitor_of() { pgrep -f ":monitor .*$(k ps -q --no-trunc --filter "name=$1")"; }

# The agent of an ordinary user's networks, and its gateway.
agents() {
    for agent in $(pgrep -f '^:agent|kist.* :agent'); do
        [ "$(readlink "/proc/$agent/ns/net")" != "$here" ] || echo "$agent"
    done
}
no_agent() { [ -z "$(agents)" ]; }

# Nothing of a container is left in the kernel or on record.
is_left() {
    ip -o link show type veth | grep -v ' out0'
    nft list table inet kist 2> /dev/null | grep 'elements.*: *[0-9]'
    $python -c 'import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("network/*.json"):
    print(end="".join(map(str, json.loads(path.read_text()).get("leases", []))))' "$(volatile)"
    ls "$(volatile)"/run/*/network.json 2> /dev/null
}
nothing_left() {
    left=$(is_left) || :
    [ -z "$left" ] || fail "left${1:+ after }${1:-}: $left"
    [ "$mode" = root ] || eventually 5 no_agent
}
