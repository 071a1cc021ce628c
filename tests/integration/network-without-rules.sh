#!/bin/sh
# network-without-rules.sh - where the kernel has no packet filter root's containers are connected and reached at their
# published ports all the same; and so they are at addresses for which there are no rules.
KIST_MODES=root
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins
bare() { $python "$fixtures/without_netfilter.py" "$@"; }
bare true || skip "needs seccomp"

# ---- with rules: the machine's own ::1, and IPv6 before a network without
serve plain -p '[::1]:8080:80' -p '[::]:8081:80' -p 8082:80
answer plain 80
has "$(ask - '[::1]' 8080)" "plain for "
has "$(ask - '[::1]' 8081)" "plain for "
has "$(ask outside 10.99.0.1 8082)" "plain for 10.99.0.2"
[ -n "$(agents)" ] || fail "who relays?"
kill -9 $(agents)
eventually 5 ask - '[::1]' 8080
k rm -f plain > /dev/null
eventually 5 no_agent
ends_with 1 ask - '[::1]' 8080
serve plain -p 8082:80
no_agent || fail "an agent that nobody needs"
k rm -f plain > /dev/null
nothing_left
k network prune -f > /dev/null
nft delete table inet kist 2> /dev/null || :
echo 0 > /proc/sys/net/ipv4/ip_forward

# ---- a kernel that has them and refuses: nobody does without
nft 'add table inet kist; add chain inet kist forward { type filter hook forward priority 7; }'
ends_with 125 k run --rm "$image" true
has "$output" "cannot make the rules of networks"
has "$output" "nft delete table inet kist"
lacks "$output" "modules"
nft delete table inet kist
if command -v setpriv > /dev/null; then
    weak() { setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$kist" "$@"; }
    ends_with 125 weak run --rm "$image" true
    has "$output" "CAP_NET_ADMIN"
    lacks "$output" "modules"
    output=$(weak check 2>&1) || :
    has "$output" "missing  nf_tables"
    lacks "$output" "relayed"
fi
k run --rm "$image" true
nothing_left
k network prune -f > /dev/null
nft delete table inet kist 2> /dev/null || :
echo 0 > /proc/sys/net/ipv4/ip_forward

# ---- without
real=$kist
kist=$work/bare
printf '#!/bin/sh\nexec %s "%s" "%s" "$@"\n' "$python" "$fixtures/without_netfilter.py" "$real" > "$kist"
chmod +x "$kist"
output=$(k check 2>&1) || :
has "$output" "limited  nf_tables"
has "$output" "missing  user networks"
has "$output" "nft_tproxy"

k network create one > /dev/null
k network create two > /dev/null
output=$(k run -d --name web --network one -p 8080:80 -p 127.0.0.1:8081:80 -p 5353:53/udp "$image" \
    sh -c 'trap exit TERM; while :; do sleep 0.1; done' 2>&1)
has "$output" "containers reach no other machine"
output=$(k run -d --name near --network one "$image" sh -c 'trap exit TERM; while :; do sleep 0.1; done' 2>&1)
lacks "$output" "containers reach"
serve far --network two
answer web 80
# Between containers, by their names.
has "$(ask near web 80)" "web for $(address_of near)"
# Networks are apart, as nothing is forwarded.
ends_with 1 ask far "$(address_of web)" 80
same "$(cat /proc/sys/net/ipv4/ip_forward)" 0
# Ports.
has "$(ask - 127.0.0.1 8080)" "web for "
has "$(ask - '[::1]' 8080)" "web for "
has "$(ask - 10.99.0.1 8080)" "web for "
has "$(ask outside 10.99.0.1 8080)" "web for "
has "$(ask far 10.99.0.1 8080)" "web for "
has "$(ask - 127.0.0.1 8081)" "web for "
ends_with 1 ask outside 10.99.0.1 8081
nsenter --net="/proc/$(k inspect web --format '{{.State.Pid}}')/ns/net" $python -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5300))
s.close()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("'"$(address_of web)"'", 53))
while True:
    s.sendto(*s.recvfrom(64))' &
children="$children $!"
said_back() {
    [ "$(outside $python -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect(("10.99.0.1", 5353))
s.send(b"hello")
print(s.recv(64).decode())')" = hello ]
}
eventually 5 said_back
# Another network takes the first one's place.
k network connect two web
k network disconnect one web
eventually 5 ask - 127.0.0.1 8080
has "$(ask - 127.0.0.1 8080)" "web for "
k restart -t 1 web > /dev/null
answer web 80
has "$(ask outside 10.99.0.1 8080)" "web for "
# No rule keeps the machine's loopback from them, so nothing leads there.
same "$(cat /proc/sys/net/ipv4/conf/br-*/route_localnet | sort -u)" 0
k rm -f web near far > /dev/null
k network rm one two > /dev/null
eventually 5 no_agent
nothing_left
