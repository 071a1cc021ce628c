#!/bin/sh
# pull-retries.sh - 429 and 5xx are tried again, with patience as asked for, and given up in the end.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture small)

# gap WHAT: seconds between the first two requests for WHAT.
gap() {
    requests "\"what\": \"$1" | $python -c '
import json, sys
times = [json.loads(line)["time"] for line in sys.stdin]
print("%.1f" % (times[1] - times[0]))'
}

fault_start "$layout" <<'JSON'
{"rules": [
  {"what": "manifest", "times": 1, "status": 429, "headers": {"Retry-After": "2"}},
  {"what": "config", "times": 2, "status": 503},
  {"what": "layer:1", "times": 1, "status": 500, "body": "oops"},
  {"what": "layer:2", "times": 1, "status": 502}
]}
JSON
"$kist" pull -q "$fault/x" > /dev/null
"$kist" run --rm "$fault/x"
case $(gap manifest) in 2.* | 3.*) ;; *) fail "Retry-After was not heeded: $(gap manifest) s" ;; esac
same "$(requests '"what": "config"' | wc -l)" 3

for status in 429 500 503; do
    fault_start "$layout" <<JSON
{"rules": [{"what": "layer:1", "status": $status, "headers": {"Retry-After": "0"}}]}
JSON
    "$kist" rmi -f "$fault/x" > /dev/null 2>&1 || :
    "$kist" image prune -f > /dev/null
    "$kist" rmi -f "$("$kist" images -q)" > /dev/null 2>&1 || :
    ends_with 1 timeout 60 "$kist" pull "$fault/x"
    has "$output" "$status"
    tries=$(requests '"what": "layer:1"' | wc -l)
    [ "$tries" -ge 3 ] && [ "$tries" -le 10 ] || fail "$status was tried $tries times"
done

# What trying again cannot help is not tried again.
for status in 400 403 404; do
    fault_start "$layout" <<JSON
{"rules": [{"what": "manifest", "status": $status, "body": "{\"errors\":[{\"code\":\"X\",\"message\":\"because\"}]}"}]}
JSON
    ends_with 1 "$kist" pull "$fault/x"
    has "$output" "$fault/x"
    [ "$(requests manifest | wc -l)" -le 2 ] || fail "$status was tried again"
done
