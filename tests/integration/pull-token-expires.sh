#!/bin/sh
# pull-token-expires.sh - a token that ends in the middle of a pull is renewed, not an error.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

# Good for three requests: there are seven or more, and a layer that must be gone on with.
fault_start "$(fixture big)" <<'JSON'
{"auth": {"requests": 3}, "rules": [{"what": "layer:2", "times": 1, "cut": 1000000}]}
JSON
"$kist" pull -q "$fault/x" > /dev/null
"$kist" run --rm "$fault/x"
[ "$(requests '"/token' | wc -l)" -ge 3 ] || fail "the token was not renewed"
[ "$(requests '"/token' | wc -l)" -le 12 ] || fail "more tokens than needed"

# A registry that takes none of the tokens it gives is an error, soon.
scenario <<'JSON'
{"auth": {"requests": 0}}
JSON
ends_with 1 timeout 30 "$kist" pull "$fault/y"
has "$output" "$fault"
