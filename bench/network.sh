#!/bin/sh
# network.sh - what a container's network costs: kist's, rootless and root's, pasta's, slirp4netns' and the
# host's own path.
#
# Everything is in network namespaces made here: this script's own is the "host", a veth pair leads from it to
# "ext", where the servers are that containers speak to, and the clients of their published ports.  Ordinary
# users' tools run as one; each way into a container is used from inside by the same programs (nsenter).
# network.py measures.
#
# ROUNDS=N rounds (5 unless said).  CONTROL=NAME: the congestion control of all that is not kist's own, reno unless
# said: where it is BBR, the timers that pace packets decide everything.  "": this machine's.  PINNED=no: round trips
# and connections on all processors, not on one.
[ "$(id -u)" = 0 ] || { echo "skip: needs root"; exit 77; }
# What is started here ends with it, as its processes are in a namespace of their own.  And they are in sessions of
# their own, each of which gets its share of the processors (sched(7), autogroup).
if [ -z "${KIST_BENCH_NETWORK:-}" ]; then
    export KIST_BENCH_NETWORK=1
    exec setsid --wait setpriv --pdeathsig KILL \
        unshare --pid --fork --kill-child --mount-proc --mount --net --propagation private \
        sh -c '"$0" "$@"; exit $?' "$0" "$@"
fi
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"
. "$tests/../bench/tools.sh"
need c++ ip iperf3 nsenter
rounds=${ROUNDS:-5}
here_address=198.51.100.1
ext_address=198.51.100.2

pingpong=$work/pingpong
c++ -std=c++20 -O2 -o "$pingpong" "$bench/pingpong.cpp"

# background NAME COMMAND...: its process is $!, what it says in $work/NAME.log.
background() {
    log=$work/$1.log
    shift
    "$@" > "$log" 2>&1 &
    children="$children $!"
}

ip link set lo up
background ext unshare --net sleep 100000
ext=$!
eventually 5 sh -c "[ \$(readlink /proc/$ext/ns/net) != $(readlink /proc/self/ns/net) ]"
in_ext() { nsenter --net --target $ext "$@"; }
ip link add up0 type veth peer name eth0 netns $ext
ip address add $here_address/24 dev up0
ip link set up0 up
in_ext ip link set lo up
in_ext ip address add $ext_address/24 dev eth0
in_ext ip address add 198.51.100.9/24 dev eth0
in_ext ip link set eth0 up
ip route add default via 198.51.100.9

# settle PROCESS: of its network namespace.  Many connections are made in a minute, each of which would keep its
# port for as long.
settle() {
    nsenter --net --target "$1" sh -ec 'cd /proc/sys/net/ipv4
        echo "20000 65000" > ip_local_port_range
        echo 1 > tcp_tw_reuse
        [ -z "$CONTROL" ] || echo $CONTROL > tcp_congestion_control'
}
export CONTROL=${CONTROL-reno}
settle $$
settle $ext

# A device of TAP that ordinary users may open, which pasta and slirp4netns need, and kist does not.
mount -t tmpfs -o mode=755 none /dev/net 2> /dev/null && mknod -m 666 /dev/net/tun c 10 200 || true
mode=subuid
mode_works || mode=single
user_prepare $mode

# way NAME PROCESS PORT [RELAY...]: the network of PROCESS, its ports published at PORT and PORT + 1, and the
# processes that pass on what it sends.  left_out NAME: why, from its log.
: > "$work/ways"
way() {
    printf '%s\t%s\t%s\t' "$1" "$2" "$3" >> "$work/ways"
    shift 3
    echo "$*" >> "$work/ways"
}
left_out() { echo "$1 is left out: $(tail -n 2 "$work/$2.log")"; }

descendants() {
    for child in $(cat "/proc/$1/task/$1/children"); do
        echo "$child"
        descendants "$child"
    done
}

# named NAME PROCESS: the first of its descendants whose name begins so.
named() {
    for descendant in $(descendants "$2"); do
        case $(cat "/proc/$descendant/comm") in "$1"*) echo "$descendant"; return ;; esac
    done
}

# The agent of the user's containers here: in this network namespace, with its gateway.
agent() {
    for process in $(pgrep -f ' :agent|^:agent'); do
        [ "$(readlink "/proc/$process/ns/net")" = "$(readlink /proc/self/ns/net)" ] || continue
        echo "$process" $(descendants "$process")
        return
    done
}

image_serve

# kist_way NAME PORT: kist in the current mode.
kist_way() {
    container=$work/container-$mode
    published="-p $2:8000 -p $(($2 + 1)):5201"
    if k pull -q "$image" > "$work/kist.log" 2>&1 &&
        k run -d --network bridge $published "$image" sleep 100000 > "$container" 2> "$work/kist.log"; then
        relay=
        [ $mode = root ] || relay=$(agent)
        inside=$(k inspect --format '{{.State.Pid}}' "$(cat "$container")")
        CONTROL=$([ $mode = root ] && echo $CONTROL) settle "$inside"
        way "$1" "$inside" "$2" $relay
    else
        left_out "$1" kist
    fi
}

way host $$ 0
user_mode=$mode
mode=root
kist_way "kist, root" 8100
mode=$user_mode
kist_way kist 8200

tun_works() { in_mode sh -c ': <> /dev/net/tun' 2> /dev/null; }
if ! tun_works; then
    echo "pasta and slirp4netns are left out: /dev/net/tun cannot be had here"
else
    background pasta in_mode pasta --config-net -f -t 8300:8000,8301:5201 -u none -T none -U none -- sleep 100000
    started=$!
    sleep 1
    inside=$(named sleep $started)
    if [ -n "$inside" ]; then
        settle "$inside"
        way pasta "$inside" 8300 "$(named passt $started)"
    else
        left_out pasta pasta
    fi

    background inside in_mode unshare --user --map-root-user --net sleep 100000
    started=$!
    sleep 0.5
    inside=$(named sleep $started)
    socket=$state/$mode/slirp
    background slirp4netns in_mode slirp4netns --configure --mtu=65520 -a "$socket" "$inside" tap0
    started=$!
    sleep 1
    if [ -S "$socket" ]; then
        $python - "$socket" 8400:8000 8401:5201 <<'PYTHON'
import json, socket, sys
for ports in sys.argv[2:]:
    host, guest = map(int, ports.split(":"))
    ask = {"proto": "tcp", "host_addr": "0.0.0.0", "host_port": host, "guest_port": guest}
    control = socket.socket(socket.AF_UNIX)
    control.connect(sys.argv[1])
    control.sendall(json.dumps({"execute": "add_hostfwd", "arguments": ask}).encode())
    control.shutdown(socket.SHUT_WR)
    answer = control.recv(4096).decode()
    if "error" in answer:
        sys.exit(f"slirp4netns does not publish {ports}: {answer}")
PYTHON
        settle "$inside"
        way slirp4netns "$inside" 8400 "$(named slirp4netns $started)"
    else
        left_out slirp4netns slirp4netns
    fi
fi

# Before whatever else the machine does: kist's agent is in another session than the rest.
for group in /proc/[0-9]*/autogroup; do echo -19 > "$group" || true; done 2> /dev/null

echo "== networks of containers, mode $mode for ordinary users, $(cat /proc/sys/net/ipv4/tcp_congestion_control)," \
    "$rounds rounds"
$python "$bench/network.py" "$rounds" "$pingpong" $ext $ext_address $here_address < "$work/ways"
