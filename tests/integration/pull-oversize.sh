#!/bin/sh
# pull-oversize.sh - answers beyond all measure are refused early, with little memory.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture small)
head -c 6000000 /dev/zero | tr '\0' ' ' > "$work/spaces"

for rule in '"what": "manifest", "many_headers": 5000' '"what": "manifest", "long_header": 1000000' \
    '"what": "manifest", "endless": true' '"what": "config", "endless": true' \
    '"what": "manifest", "replace": "'"$work/spaces"'"' '"what": "layer:1", "endless": true' \
    '"what": "manifest", "raw": "HTTP/9.9 200 OK\r\n\r\n"' '"what": "manifest", "raw": "hello\r\n\r\n"' \
    '"what": "manifest", "raw": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"' \
    '"what": "manifest", "raw": "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"' \
    '"what": "manifest", "raw": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"' \
    '"what": "manifest", "chunked": 100, "chunk_error": true' \
    '"what": "token", "status": 200, "body": "[1]"'; do
    fault_start "$layout" <<JSON
{"rules": [{$rule}]}
JSON
    case $rule in *token*) scenario <<JSON ;; esac
{"auth": {}, "rules": [{$rule}]}
JSON
    ends_with 1 timeout 60 $python - "$kist" "$fault/x" <<'PYTHON'
import resource, subprocess, sys
status = subprocess.call([sys.argv[1], "pull", sys.argv[2]])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
assert peak < 16384, f"{peak} KB"
sys.exit(status)
PYTHON
    lacks "$output" AssertionError
    has "$output" "$fault"
    same "$(left_behind)" ''
done
