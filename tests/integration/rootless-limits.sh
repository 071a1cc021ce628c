#!/bin/sh
# rootless-limits.sh - what networks of ordinary users give and what not: low ports, this machine's loopback, ports of
# two users at once.
. "$(dirname "$0")/network.sh"
# timeout: 180
if [ "$mode" = root ]; then
    ends_with 125 k run --rm --allow-host-loopback "$image" true
    has "$output" "ordinary users"
    has "$output" "--network host"
    exit 0
fi
outside_begins

# ---- ports
ends_with 125 k run --rm -p 80:80 "$image" true
has "$output" "port 80/tcp: this user may not take ports that low"
has "$output" "ip_unprivileged_port_start=80"
nothing_left
echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start
serve low -p 80:80
answer low 80
has "$(ask - 127.0.0.1 80)" "low for"
k rm -f low > /dev/null
# Taken at once again, though connections linger.
for _ in 1 2 3; do
    serve again -p 8080:80
    answer again 80
    has "$(ask - 127.0.0.1 8080)" "again for"
    k restart -t 0 again > /dev/null
    answer again 80
    has "$(ask - 127.0.0.1 8080)" "again for"
    k rm -f again > /dev/null
done
if [ -e /proc/net/if_inet6 ]; then
    serve six -p '[::1]:8086:80'
    answer six 80
    has "$(ask - '[::1]' 8086)" "six for"
    ends_with 1 ask - 127.0.0.1 8086
    k rm -f six > /dev/null
fi

# ---- what listens on this machine's loopback only
ip route add default via 10.99.0.2
cat > "$work/say.py" << 'E'
import socket, sys
here = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    who, _ = here.accept()
    who.sendall(sys.argv[3].encode())
    who.close()
E
for service in "127.0.0.1 7001 private" "0.0.0.0 7002 open"; do
    # shellcheck disable=SC2086
    $python "$work/say.py" $service > "$work/said.${service##* }" &
    children="$children $!"
    eventually 5 grep -q ready "$work/said.${service##* }"
done
serve shut --add-host host:host-gateway
serve open --add-host host:host-gateway --allow-host-loopback
said() { k exec "$1" nc -w 3 "$2" "$3" < /dev/null 2>&1 || echo "nothing"; }
has "$(said shut host 7002)" open
for address in host 127.0.0.1 0.0.0.0 10.99.0.1; do
    lacks "$(said shut $address 7001)" private
done
has "$(said open host 7001)" private
has "$(said open host 7002)" open
lacks "$(said open 10.99.0.1 7001)" private
same "$(k inspect -f '{{.State.Running}}' open)" true
k restart -t 0 open > /dev/null
has "$(said open host 7001)" private
k rm -f shut open > /dev/null
for network in host none container:x; do
    ends_with 125 k run --rm --network $network --allow-host-loopback "$image" true
    has "$output" "--allow-host-loopback cannot be used with --network $network"
done
nothing_left

# ---- in a user namespace that a launcher has made
if [ "$mode" = subuid ]; then
    # shellcheck disable=SC2016
    [ "$(in_mode unshare --user --map-auto --map-root-user sh -ec '
        export KIST_ROOT=$HOME/launched KIST_STATE=$XDG_RUNTIME_DIR/launched
        "$0" pull -q "$1" > /dev/null
        "$0" run -d --name one --network bridge -p 8085:80 "$1" sleep 1000 > /dev/null
        "$0" exec one nc -w 3 10.99.0.1 7002 < /dev/null
        "$0" rm -f one' "$kist" "$image")" = "openone" ] || fail "none in the namespace of a launcher"
fi

# ---- two users at once: each has an agent, and networks of the same subnets
other_id=$((user_id + 1))
other() { "$fixtures/as_user.sh" "$work/other" single $other_id "$state/other" "$kist" "$@"; }
mkdir -p "$work/other" "$state/other"
cp -r "$work/$mode/etc" "$work/other/"
mkdir -p "$work/other/home"
sed -i "s,$user_id,$other_id,g; s,/$mode/home,/other/home," "$work/other/etc/passwd"
chown -R $other_id:$other_id "$work/other/home" "$state/other"
chmod 700 "$state/other"
k run -d --name web -p 8080:80 "$image" sleep 1000 > /dev/null
answer web 80
other pull -q "$image" > /dev/null
other run -d --name web -p 8081:80 "$image" sh -c \
    'mkdir /www; echo other > /www/index.html; httpd -f -p 80 -h /www' > /dev/null 2>&1
page() { printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc -w 3 127.0.0.1 "$1"; }
eventually 5 sh -c "printf 'GET / HTTP/1.0\r\n\r\n' | busybox nc -w 3 127.0.0.1 8081 | grep -q other"
has "$(ask - 127.0.0.1 8080)" "web for"
same "$(other exec web ip -4 -o address show eth0 | awk '{ print $4 }')" 10.88.0.2/16
same "$(address_of web)" "$(k exec web hostname -i)"
ends_with 125 other run --rm -p 8080:80 "$image" true
has "$output" "port 8080/tcp of this machine is taken"
# To each other by published ports only.
has "$(other exec web sh -c 'printf "GET /cgi-bin/who HTTP/1.0\r\n\r\n" | nc -w 3 10.99.0.1 8080')" "web for"
k rm -f web > /dev/null
has "$(page 8081)" other
other rm -f web > /dev/null
nothing_left
