#!/bin/sh
# images-rmi-prune.sh - what the store holds is listed, measured and removed as docker does it.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture small)" small
push_image "$(fixture layered)" layered:v1
push_image "$(fixture layered)" other:v2
"$kist" pull -q "$registry/small" > /dev/null
digest=$("$kist" pull -q "$registry/layered:v1")
"$kist" pull -q "$registry/other:v2" > /dev/null

# images
has "$("$kist" images)" REPOSITORY
has "$("$kist" images)" "IMAGE ID"
same "$("$kist" images | wc -l)" 4
same "$("$kist" images -q | sort -u | wc -l)" 2
has "$("$kist" images --digests)" "$digest"
has "$("$kist" images --format '{{.Repository}}:{{.Tag}}')" "$registry/layered:v1"
id=$("$kist" images --format '{{.ID}} {{.Repository}}' | sed -n "s|^\(.*\) $registry/small|\1|p")
same "$(printf '%s' "$id" | wc -c)" 12
$python -c 'import json, sys; [json.loads(line) for line in sys.stdin]' <<JSON
$("$kist" images --format json)
JSON

# df
has "$("$kist" system df)" Images

# An image in use stays.
"$kist" run --name user "$registry/small" true
ends_with 1 "$kist" rmi "$registry/small"
has "$output" "used by a container"
same "$("$kist" images -q | sort -u | wc -l)" 2
"$kist" rm user > /dev/null

# A name goes; the image goes with its last name; a layer goes with its last image.
ends_with 0 "$kist" rmi "$registry/layered:v1"
has "$output" "Untagged: $registry/layered:v1"
lacks "$output" Deleted:
"$kist" run --rm "$registry/other:v2" true
ends_with 0 "$kist" rmi "$registry/other:v2"
has "$output" Deleted:
"$kist" run --rm "$registry/small"
ends_with 0 "$kist" rmi "$id"
same "$("$kist" images -q)" ''
same "$(find "$KIST_ROOT/layers" -mindepth 1 | head -1)" ''

ends_with 1 "$kist" rmi "$registry/small"
has "$output" "$registry/small"

# Prune takes what has no name; with -a what nobody uses.
"$kist" pull -q "$registry/layered:v1" > /dev/null
push_image "$(fixture small)" layered:v1
"$kist" pull -q "$registry/layered:v1" > /dev/null
same "$("$kist" images -q | sort -u | wc -l)" 2
ends_with 0 "$kist" image prune -f
same "$("$kist" images -q | sort -u | wc -l)" 1
"$kist" run --name keeper "$registry/layered:v1" true
"$kist" image prune -a -f > /dev/null
same "$("$kist" images -q | wc -l)" 1
"$kist" rm keeper > /dev/null
"$kist" image prune -a -f > /dev/null
same "$("$kist" images -q)" ''
same "$(find "$KIST_ROOT/layers" -mindepth 1 | head -1)" ''
