#!/bin/sh
# pull-image.sh - an image comes over TLS from a real registry, is listed, and runs.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start tls
push_image "$(fixture layered)" demo/layered:1
push_image "$(fixture busybox)" demo/busybox --format v2s2  # docker's own manifest types
digest=$(SSL_CERT_FILE=$ca skopeo inspect --cert-dir "$work/push-trust" --format '{{.Digest}}' \
    "docker://$registry/demo/layered:1")
export SSL_CERT_FILE="$ca"

check() {
    ends_with 0 k pull "$registry/demo/layered:1"
    has "$output" "$digest"
    has "$output" "$registry/demo/layered:1"
    same "$(k pull -q "$registry/demo/layered:1")" "$digest"
    k pull -q "$registry/demo/busybox" > /dev/null
    has "$(k images)" "$registry/demo/layered"
    has "$(k images)" "$registry/demo/busybox"
    same "$(k images -q | wc -l)" 2
    same "$(k run --rm "$registry/demo/busybox" echo hello)" hello
}
each_mode check
