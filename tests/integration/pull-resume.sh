#!/bin/sh
# pull-resume.sh - a layer that breaks off goes on with Range from the byte it had reached.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture big)

# Three breaks in one layer, of three kinds, at odd places.
certificates good
export SSL_CERT_FILE="$ca"
for certificate in '' "$work/tls/good"; do
    fault_start "$layout" ${certificate:+--certificate "$certificate"} <<'JSON'
{"rules": [
  {"what": "layer:1", "times": 1, "cut": 1234567},
  {"what": "layer:1", "times": 1, "from": 1, "reset": 1000001},
  {"what": "layer:1", "times": 1, "from": 1, "chunked": 7777, "cut": 777},
  {"what": "layer:2", "times": 1, "cut": 0},
  {"what": "layer:3", "times": 1, "cut": 1}
]}
JSON
    "$kist" pull -q "$fault/big" > /dev/null
    "$kist" run --rm "$fault/big"
    has "$(requests 'layer:1')" '"range": "bytes=1234567-"'
    has "$(requests 'layer:3')" '"range": "bytes=1-"'
    # The reset may have thrown away what was on its way: not before the first break, not after the second.
    [ "$(requests 'layer:1' | wc -l)" = 4 ] || fail "the layer was asked for $(requests 'layer:1' | wc -l) times"
    same "$(requests 'layer:1' | grep -vc '"range"')" 1
    "$kist" rmi "$fault/big" > /dev/null
done

# A registry that cannot do ranges: the bytes come again and are skipped.
fault_start "$layout" <<'JSON'
{"rules": [{"what": "layer:1", "times": 1, "cut": 900000}, {"what": "layer:1", "no_range": true}]}
JSON
"$kist" pull -q "$fault/big" > /dev/null
"$kist" run --rm "$fault/big"
"$kist" rmi "$fault/big" > /dev/null

# One that answers with another range than was asked for is not believed.
fault_start "$layout" <<'JSON'
{"rules": [{"what": "layer:1", "times": 1, "cut": 900000}, {"what": "layer:1", "bad_range": -10}]}
JSON
ends_with 1 timeout 60 "$kist" pull "$fault/big"
has "$output" "$fault"
same "$(left_behind)" ''
