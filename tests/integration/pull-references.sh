#!/bin/sh
# pull-references.sh - every way of naming an image leads to it, and a bad name is refused in words.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" plain
push_image "$(fixture busybox)" a/b/c:tag-1
digest=$("$kist" pull -q "$registry/plain")
has "$digest" sha256:

for reference in plain plain:latest "plain@$digest" "plain:latest@$digest" a/b/c:tag-1 \
    "a/b/c:other@$digest"; do
    ends_with 0 "$kist" pull "$registry/$reference"
    has "$output" "$digest"
    same "$("$kist" run --rm --pull never "$registry/$reference" echo "$reference")" "$reference"
done
ends_with 0 "$kist" pull "http://$registry/v2/a/b/c/manifests/tag-1"
has "$output" "$digest"

for bad in '' "$registry/UPPER" "$registry/plain:" "$registry/plain:-tag" "$registry/plain@sha256:12" \
    "$registry/a//b" "plain:$(printf '%0200d' 0)" 'a b' '-x'; do
    not "$kist" pull -- "$bad" 2>/dev/null
done
ends_with 1 "$kist" pull "$registry/UPPER"
has "$output" UPPER
has "$output" lower

ends_with 1 "$kist" pull "$registry/nowhere"
has "$output" "$registry/nowhere"
ends_with 1 "$kist" pull "$registry/plain:no-such-tag"
has "$output" no-such-tag
