#!/bin/sh
# pull-proxy.sh - proxies from the environment: CONNECT, authentication, exceptions, refusals.
#
# In namespaces of its own, so that registry.test and 10.99.0.1 lead to this machine and yet are no loopback.
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
printf '127.0.0.1 localhost\n10.99.0.1 registry.test\n' > "$work/hosts"
mount --bind "$work/hosts" /etc/hosts
certificates good
export SSL_CERT_FILE="$ca"
fault_start "$(fixture busybox)" --bind 0.0.0.0 --certificate "$work/tls/good" <<'JSON'
{}
JSON
secure_port=$port
fault_start "$(fixture busybox)" --bind 0.0.0.0 <<'JSON'
{}
JSON
plain_port=$port
start_server proxy $python "$fixtures/proxy.py" --user 'me:p@ss' --log "$work/proxy.log" \
    --map "far.wild.test=127.0.0.1:$secure_port"
proxy=localhost:$port
: > "$work/proxy.log"
asked() { cat "$work/proxy.log"; }

HTTPS_PROXY="http://me:p%40ss@$proxy" "$kist" pull -q "registry.test:$secure_port/a" > /dev/null
has "$(asked)" "\"path\": \"registry.test:$secure_port\""
lacks "$(asked)" '"method": "GET"'

# A name that only the proxy can resolve, and the variable in small letters.
https_proxy="http://me:p%40ss@$proxy" "$kist" pull -q far.wild.test/b > /dev/null
has "$(asked)" '"path": "far.wild.test:443"'

# Plain HTTP goes through as a request with the whole URL.
http_proxy="http://me:p%40ss@$proxy" "$kist" pull -q --tls-verify=false "registry.test:$plain_port/c" > /dev/null
has "$(asked)" "\"path\": \"http://registry.test:$plain_port/v2/"

# Loopback never goes through a proxy, as with docker; and exceptions by name, port, suffix and network.
: > "$work/proxy.log"
HTTPS_PROXY="http://$proxy" "$kist" pull -q "localhost:$secure_port/a" > /dev/null
for exception in registry.test "registry.test:$secure_port" 'other.test,registry.test' .test test '*'; do
    HTTPS_PROXY="http://$proxy" NO_PROXY=$exception "$kist" pull -q "registry.test:$secure_port/a" > /dev/null
done
for exception in 10.99.0.1 10.99.0.0/16; do
    HTTPS_PROXY="http://$proxy" no_proxy=$exception "$kist" pull -q --tls-verify=false \
        "10.99.0.1:$secure_port/a" > /dev/null
done
same "$(asked)" ''
for other in egistry.test test.registry.test registry.test:1 10.98.0.0/16; do
    HTTPS_PROXY="http://me:p%40ss@$proxy" NO_PROXY=$other "$kist" pull -q "registry.test:$secure_port/a" > /dev/null
    has "$(asked)" CONNECT
    : > "$work/proxy.log"
done

# The wrong password, a proxy that says no, and no proxy at all: each in its own words.
secure=registry.test:$secure_port
export HTTPS_PROXY="http://me:wrong@$proxy"
ends_with 1 timeout 60 "$kist" pull "$secure/d"
has "$output" "password"
has "$output" "$proxy"
lacks "$output" wrong@
start_server refusing $python "$fixtures/proxy.py" --refuse 403
export HTTPS_PROXY="http://localhost:$port"
ends_with 1 timeout 60 "$kist" pull "$secure/d"
has "$output" 403
has "$output" "localhost:$port"
export HTTPS_PROXY=http://localhost:1
ends_with 1 timeout 60 "$kist" pull "$secure/d"
has "$output" "localhost:1"
