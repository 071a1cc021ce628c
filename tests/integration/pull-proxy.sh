#!/bin/sh
# pull-proxy.sh - proxies from the environment: CONNECT, authentication, exceptions, refusals.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

certificates good
export SSL_CERT_FILE="$ca"
fault_start "$(fixture busybox)" --certificate "$work/tls/good" <<'JSON'
{}
JSON
secure=$fault
fault_start "$(fixture busybox)" <<'JSON'
{}
JSON
start_server proxy $python "$fixtures/proxy.py" --user 'me:p@ss' --log "$work/proxy.log" \
    --map "registry.test=127.0.0.1:${secure#*:}"
proxy=localhost:$port
asked() { cat "$work/proxy.log" 2>/dev/null || :; }

# By default loopback goes through the proxy as any other address, when one is named.
HTTPS_PROXY="http://me:p%40ss@$proxy" "$kist" pull -q "$secure/a" > /dev/null
has "$(asked)" CONNECT
has "$(asked)" "\"path\": \"$secure\""
lacks "$(asked)" '"method": "GET"'

# A name that only the proxy can resolve.
HTTPS_PROXY="http://me:p%40ss@$proxy" "$kist" pull -q registry.test/b > /dev/null
has "$(asked)" '"path": "registry.test:443"'

# Plain HTTP goes through as a request with the whole URL.
HTTP_PROXY="http://me:p%40ss@$proxy" "$kist" pull -q "$fault/c" > /dev/null
has "$(asked)" "\"path\": \"http://$fault/v2/"

# Exceptions, by name, port, suffix, address and network.
: > "$work/proxy.log"
for exception in localhost "localhost:${secure#*:}" 'other.test,localhost' '*'; do
    HTTPS_PROXY="http://$proxy" NO_PROXY=$exception "$kist" pull -q "$secure/a" > /dev/null
done
for exception in 127.0.0.1 127.0.0.0/8; do
    HTTPS_PROXY="http://$proxy" no_proxy=$exception "$kist" pull -q "127.0.0.1:${secure#*:}/a" > /dev/null
done
same "$(asked)" ''

# The wrong password, no password, a proxy that says no, and no proxy at all: each in its own words.
export HTTPS_PROXY="http://me:wrong@$proxy"
ends_with 1 timeout 60 "$kist" pull "$secure/d"
has "$output" 407
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
