#!/bin/sh
# trust-sources.sh - SSL_CERT_FILE, certs.d, addresses as host names, IPv6, key kinds and chains.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

certificates good ecdsa p384 chain wrong-host
echo '{}' > "$work/scenario.json"
layout=$(fixture busybox)

serve() {
    case=$1
    shift
    start_server "$case$#" $python "$fixtures/fault_server.py" --certificate "$work/tls/$case" "$@" \
        "$layout" "$work/scenario.json"
}

for case in good ecdsa p384 chain; do
    serve $case
    SSL_CERT_FILE=$ca "$kist" pull -q "localhost:$port/$case" > /dev/null
    SSL_CERT_FILE=$ca "$kist" pull -q "127.0.0.1:$port/$case" > /dev/null
done

# SSL_CERT_FILE replaces: with another authority the same server is a stranger.
"$fixtures/certificates.sh" "$work/other" good
SSL_CERT_FILE="$work/other/ca.crt" ends_with 1 "$kist" pull "localhost:$port/replaced"

# certs.d of the user, by host and port; it holds for that registry only.
check() {
    home=$work/$mode/home
    trusted=$home/.config/containers/certs.d/localhost:$port
    in_mode mkdir -p "$trusted"
    not k pull -q "localhost:$port/user" 2>/dev/null
    in_mode cp "$ca" "$trusted/ours.crt"
    k pull -q "localhost:$port/user" > /dev/null
    not k pull -q "127.0.0.1:$port/user" 2>/dev/null
}
chmod 755 "$work/tls"
mode=single
if mode_works; then check; fi
mode=root

if serve good --bind ::1; then
    SSL_CERT_FILE=$ca "$kist" pull -q "[::1]:$port/six" > /dev/null
fi
SSL_CERT_FILE="$work/no-such-file" ends_with 1 "$kist" pull "[::1]:$port/none"
has "$output" no-such-file
