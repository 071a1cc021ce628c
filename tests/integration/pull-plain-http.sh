#!/bin/sh
# pull-plain-http.sh - without TLS only from loopback, or when it is said explicitly.
. "$(dirname "$0")/common.sh"
need_root
if [ "${1:-}" != inside ]; then
    trap - EXIT
    rm -rf "$work" "$state"
    exec unshare --net --mount --propagation private "$0" inside
fi
. "$(dirname "$0")/registry.sh"
need ip

ip link set lo up
ip addr add 10.99.0.1/32 dev lo
fault_start "$(fixture busybox)" --bind 0.0.0.0 <<'JSON'
{}
JSON
port=${fault#*:}
"$kist" pull -q "localhost:$port/a" > /dev/null
"$kist" pull -q "127.0.0.1:$port/b" > /dev/null
ends_with 1 "$kist" pull "10.99.0.1:$port/c"
has "$output" "10.99.0.1:$port"
has "$output" --tls-verify=false
lacks "$(requests '10.99.0.1')" /v2/
"$kist" pull -q --tls-verify=false "10.99.0.1:$port/c" > /dev/null
