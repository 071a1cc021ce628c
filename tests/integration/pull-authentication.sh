#!/bin/sh
# pull-authentication.sh - basic and token authentication against the real registry, and what it refuses.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start basic
push_image "$(fixture busybox)" private/box
export SSL_CERT_FILE="$ca"
ends_with 1 "$kist" pull "$registry/private/box"
has "$output" "kist login $registry"
echo wrong | ends_with 1 "$kist" login -u "$user" --password-stdin "$registry"
echo "$word" | "$kist" login -u "$user" --password-stdin "$registry" > /dev/null
"$kist" pull -q "$registry/private/box" > /dev/null
"$kist" logout "$registry" > /dev/null
registry_stop

registry_port=0
registry_start token
push_image "$(fixture layered)" public/box
push_image "$(fixture busybox)" private/other
"$kist" pull -q "$registry/public/box" > /dev/null  # anyone may
ends_with 1 "$kist" pull "$registry/private/other"
has "$output" "$registry/private/other"
has "$output" login
echo "$word" | "$kist" login -u "$user" --password-stdin "$registry" > /dev/null
"$kist" pull -q "$registry/private/other" > /dev/null
has "$(cat "$work/tokens.log")" '"authorization": "Basic'
# The password is for the token server only.
lacks "$(cat "$work/registry.log")" sesame
