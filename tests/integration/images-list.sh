#!/bin/sh
# images-list.sh - images are listed by docker's filters, show how they were made, and have docker's words.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture layered)" layered:v1
push_image "$(fixture small)" small
# What a pull comes to is its output; how it went is said beside.
said=$("$kist" pull "$registry/layered:v1" 2> "$work/progress")
has "$said" "Digest: sha256:"
has "$said" "Status: Downloaded newer image for $registry/layered:v1"
same "$(printf '%s\n' "$said" | tail -1)" "$registry/layered:v1"
lacks "$(cat "$work/progress")" Status:
has "$("$kist" pull "$registry/layered:v1" 2> /dev/null)" "Status: Image is up to date"
"$kist" pull -q "$registry/small" > /dev/null
"$kist" tag "$registry/layered:v1" box:1.0
"$kist" image tag box:1.0 box:1.1

named() { "$kist" images --format '{{.Repository}}:{{.Tag}}' "$@" | sort | tr '\n' ' '; }
same "$(named 'box')" "box:1.0 box:1.1 "
same "$(named 'b*:1.1')" "box:1.1 "
same "$(named -f reference=box:1.0)" "box:1.0 "
same "$(named -f reference=box:1.0 -f reference=box:1.1)" "box:1.0 box:1.1 "
same "$(named -f dangling=true)" ""
same "$(named -f label=no.such)" ""
same "$(named -f before=box:1.0 box)" ""
same "$(named -f since=box:1.0 box)" ""
ends_with 1 "$kist" images -f color=red
has "$output" dangling
ends_with 1 "$kist" images -f dangling
ends_with 1 "$kist" images -f before=nosuch
same "$("$kist" image ls -q box | sort -u | wc -l)" 1
has "$("$kist" images --digests box)" sha256:

# history: the newest step first, its size the layer's.
id=$("$kist" images -q --no-trunc box | head -1)
has "$("$kist" history box:1.0)" "CREATED BY"
same "$("$kist" history -q --no-trunc box:1.0 | head -1)" "$id"
same "$("$kist" history -q box:1.0 | sed -n 2p)" "<missing>"
same "$("$kist" history --format '{{.CreatedBy}}' box:1.0 | sort -u)" make_image.py
sizes=$("$kist" history --human=false --format '{{.Size}}' box:1.0 | awk '{ sum += $1 } END { print sum }')
[ "$sizes" -gt 1000000 ] || fail "the layers have $sizes bytes"
ends_with 1 "$kist" history nosuch

# Several are removed as far as they can be; what is not there is no reason to pull.
ends_with 1 "$kist" rmi box:1.1 nosuch box:1.0
has "$output" nosuch
lacks "$output" "kist pull"
same "$(named 'box')" ""
ends_with 1 "$kist" rmi nosuch
ends_with 0 "$kist" rmi -f nosuch
has "$output" nosuch

# Whatever no container uses can be had back.
same "$("$kist" system df --format '{{.Type}} {{.Reclaimable}}' | sed -n 's/^Images 0B.*/none/p')" ''

# A group alone lists its commands.
for group in image container system volume; do
    ends_with 0 "$kist" $group
    has "$output" "$group "
    ends_with 0 "$kist" $group --help
    ends_with 125 "$kist" $group nosuch
    has "$output" "$group nosuch"
done
has "$("$kist" help image)" "image prune"
