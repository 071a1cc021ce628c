#!/bin/sh
# rootless-agent.sh - the process that passes on what an ordinary user's containers send: it comes with the first of
# them that has a network and goes with the last, and whatever of it is killed comes back.
. "$(dirname "$0")/network.sh"
# timeout: 300
[ "$mode" != root ] || { echo "root has no agent"; exit 0; }
outside_begins
outside busybox nc -ll -p 7000 -e echo outside &
children="$children $!"
reaches() { k exec "$1" nc -w 3 10.99.0.2 7000 < /dev/null | grep -q outside; }
the_agent() { agents; }
the_gateway() { pgrep -P "$(agents)"; }
both() { echo "$(the_agent) $(the_gateway)"; }
is_alone() { [ "$(agents | wc -l)" = 1 ] && [ -n "$(the_gateway)" ]; }
socket=$(volatile)/agent

# ---- without /dev/net/tun, and no program to be found
tun_hidden() {
    unshare --mount --propagation private sh -ec '
        [ ! -d /dev/net ] || mount -t tmpfs none /dev/net; exec "$@"' - "$@"
}
same "$(tun_hidden "$fixtures/as_user.sh" "$work/$mode" "$mode" $user_id "$state/$mode" /usr/bin/env PATH= \
    "$kist" run --rm "$image" nc -w 3 10.99.0.2 7000 < /dev/null)" outside

# ---- it goes with the last container, and is not there for who has no network of its own
eventually 5 no_agent
not test -e "$socket"
k run -d --name alone --network none "$image" sleep 1000 > /dev/null
k run -d --name shared --network host "$image" sleep 1000 > /dev/null
no_agent || fail "there is an agent without need"
k rm -f alone shared > /dev/null
serve one -p 8080:80
serve two
is_alone || fail "agents: $(agents)"
answer one 80
has "$(k info)" "agent        process $(the_agent)"
k rm -f two > /dev/null
is_alone
reaches one || fail "one gets nowhere"
has "$(ask - 127.0.0.1 8080)" "one for"

# ---- idle it does nothing, and is small
of_both() { for each in $(both); do cat "/proc/$each/$1"; done; }
ticks() { of_both stat | awk '{ sum += $14 + $15 } END { print sum }'; }
turns() { of_both status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'; }
size() { of_both smaps_rollup | awk '/^Pss:/ { sum += $2 } END { print sum }'; }
sleep 1
was="$(ticks) $(turns)"
sleep 2
same "$(ticks) $(turns)" "$was"
echo "idle in mode $mode: $(size) KiB"
[ "$(size)" -le 2048 ] || fail "agent and gateway have $(size) KiB"

# ---- bridges are in the gateway, and go with their networks
in_gateway() { nsenter --net="/proc/$(the_gateway)/ns/net" "$@"; }
k network create brief > /dev/null
serve two --network brief
same "$(in_gateway ip -o link show type bridge | wc -l)" 2
same "$(k run --rm --network container:two "$image" ip -o -4 address show eth0 | awk '{ print $4 }')" \
    "$(address_of two)/24"
k rm -f two > /dev/null
k network rm brief > /dev/null
same "$(in_gateway ip -o link show type bridge | wc -l)" 1

# ---- killed, it is started again, and the container has its network as before
address=$(address_of one)
for victim in the_agent the_gateway; do
    old=$($victim)
    kill -9 "$old"
    is_new() { is_alone && [ "$($victim)" != "$old" ]; }
    eventually 10 is_new
    eventually 10 reaches one
    same "$(address_of one)" "$address"
    has "$(ask - 127.0.0.1 8080)" "one for"
    serve two
    k exec two nc -w 3 "$address" 80 < /dev/null || fail "two does not reach one"
    k rm -f two > /dev/null
done
# Both, and again and again.
for _ in 1 2 3; do
    eventually 20 is_alone
    kill -9 $(both)
done
eventually 20 reaches one
k exec one ip -o link | grep -c eth | grep -qx 1 || fail "links: $(k exec one ip -o link)"

# ---- SIGTERM ends it as well; a terminal's signals are not for it
same "$(ps -o sid= -p "$(the_agent)" | tr -d ' ')" "$(the_agent)"
kill "$(the_agent)"
eventually 20 reaches one
same "$(k exec one cat /etc/resolv.conf | grep -c 127.0.0.11)" 1

# ---- a new one while it runs, and one that is killed together with it
k network create other > /dev/null
old=$(the_agent)
kill -9 $(both)
k network connect other one
eventually 20 reaches one
same "$(k exec one ip -o -4 address show eth1 | wc -l)" 1
kill -9 "$(monitor_of one)" $(both)
undone() { k ps -q > /dev/null; ! test -s "$(volatile)/run/"*/network.json; }
eventually 5 undone  # a killed process is not gone at once
eventually 5 no_agent
k start one > /dev/null
eventually 5 reaches one
same "$(address_of one)" "$address"
k rm -f one > /dev/null
k network rm other > /dev/null
nothing_left

# ---- a socket that nobody listens at any more
$python - "$socket" << 'E'
import os, socket, sys
os.chdir(os.path.dirname(sys.argv[1]))
socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind("agent")
E
chown $user_id "$socket"
serve one
reaches one
k rm -f one > /dev/null
nothing_left

# ---- what is no message ends the connection, and nothing else
serve one
cat > "$work/noise.py" << 'E'
import os, socket, sys
os.chdir(sys.argv[1])
for noise in b"x", b"{}", b"+", b"x" * 200000, b'{"version":1,"container":"%s"}' % (b"a" * 64):
    for files in 0, 3, 200:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as agent:
            agent.connect("agent")
            agent.settimeout(5)
            null = os.open("/dev/null", os.O_RDONLY)
            try:
                for _ in range(8):
                    socket.send_fds(agent, [noise], [null] * files)
                while agent.recv(10000):
                    pass
            except OSError:
                pass
            os.close(null)
E
count() { ls "/proc/$(the_agent)/fd" | wc -l; }
open=$(count)
in_mode $python "$work/noise.py" "$(volatile)"
is_calm() { [ "$(count)" -le "$open" ]; }
eventually 5 is_calm
is_alone
reaches one || fail "the agent is not well"
# Another user is not heard.
$python - "$(volatile)" << 'E'
import os, socket, sys
os.chdir(sys.argv[1])
agent = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
agent.connect("agent")
agent.settimeout(5)
try:
    heard = agent.recv(100)
except ConnectionResetError:
    heard = b""
sys.exit("root was heard" if heard else 0)
E
k rm -f one > /dev/null
nothing_left
