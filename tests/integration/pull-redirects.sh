#!/bin/sh
# pull-redirects.sh - blobs may be elsewhere, but credentials never follow and TLS is never given up.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture small)
certificates good
export SSL_CERT_FILE="$ca"

fault_start "$layout" --certificate "$work/tls/good" <<'JSON'
{}
JSON
elsewhere=https://127.0.0.1:${fault#*:}
elsewhere_log=$fault_log
fault_start "$layout" <<'JSON'
{}
JSON
plain=http://127.0.0.1:${fault#*:}
plain_log=$fault_log

# Another host: the layers come from there, without the registry's token.
fault_start "$layout" --certificate "$work/tls/good" <<JSON
{"auth": {}, "rules": [{"what": "layer", "redirect": "$elsewhere{path}?signature=abc%2Fdef"}]}
JSON
"$kist" pull -q "$fault/x" > /dev/null
"$kist" run --rm "$fault/x"
"$kist" rmi "$fault/x" > /dev/null
has "$(requests layer)" '"authorization": "Bearer'
has "$(cat "$elsewhere_log")" 'signature=abc%2Fdef'
lacks "$(cat "$elsewhere_log")" authorization

# The same host, another way of writing it, or a path only.
for target in "{path}?again=1" "//$fault{path}?again=1"; do
    scenario <<JSON
{"auth": {}, "rules": [{"what": "layer", "unless": "again", "status": 302, "redirect": "$target"}]}
JSON
    "$kist" pull -q "$fault/x" > /dev/null
    "$kist" rmi "$fault/x" > /dev/null
done

# A layer that breaks off at the second place is asked for there or anew, but goes on where it was.
fault_start "$layout" --certificate "$work/tls/good" <<JSON
{"rules": [{"what": "layer:1", "redirect": "$elsewhere{path}"}]}
JSON
"$kist" pull -q "$fault/x" > /dev/null
"$kist" rmi "$fault/x" > /dev/null

# From https to http: never.
fault_start "$layout" --certificate "$work/tls/good" <<JSON
{"rules": [{"what": "layer:1", "redirect": "$plain{path}"}]}
JSON
ends_with 1 timeout 60 "$kist" pull "$fault/x"
has "$output" "plain HTTP"
same "$(cat "$plain_log")" ''
same "$(left_behind)" ''

# In circles, to nowhere, and without saying where.
for rule in '"redirect": "{path}"' '"redirect": "https://localhost:1{path}"' '"redirect": "gopher://x/"' \
    '"status": 307' '"redirect": ""'; do
    fault_start "$layout" --certificate "$work/tls/good" <<JSON
{"rules": [{"what": "manifest", $rule}]}
JSON
    ends_with 1 timeout 60 "$kist" pull "$fault/x"
    has "$output" "$fault"
    [ "$(requests manifest | wc -l)" -le 60 ] || fail "went in circles"
done
