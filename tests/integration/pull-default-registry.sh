#!/bin/sh
# pull-default-registry.sh - a bare name comes from Docker Hub, by its real host names.
#
# In a network namespace of its own, the hub's names lead to this machine's loopback and port 443.
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
printf '127.0.0.1 localhost registry-1.docker.io auth.docker.io\n' > "$work/hosts"
mount --bind "$work/hosts" /etc/hosts
certificates hub
export SSL_CERT_FILE="$ca"
fault_start "$(fixture busybox)" --certificate "$work/tls/hub" --port 443 <<'JSON'
{"auth": {"realm": "https://auth.docker.io/token"}}
JSON

"$kist" pull alpine > /dev/null
has "$(requests '"/v2/library/alpine/manifests/latest"')" '"host": "registry-1.docker.io"'
has "$(requests '/token')" '"host": "auth.docker.io"'
has "$(requests '/token')" 'scope=repository'
"$kist" pull docker.io/someone/thing:latest > /dev/null
has "$(requests manifest)" /v2/someone/thing/manifests/latest
"$kist" pull https://registry-1.docker.io/v2/library/hello-world/manifests/latest > /dev/null
has "$(requests manifest)" /v2/library/hello-world/manifests/latest

# The short name is the image's name from now on.
has "$("$kist" images)" alpine
same "$("$kist" run --rm --pull never alpine echo found)" found
same "$("$kist" run --rm --pull never docker.io/library/alpine:latest echo found)" found
