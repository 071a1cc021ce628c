#!/bin/sh
# pull-broken-everywhere.sh - whatever the request that a connection breaks in, the pull comes through.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture small)

for what in ping manifest config layer; do
    for how in '"cut": 0' '"cut": 100' '"raw": ""' '"raw": "HTTP/1.1 2"' '"reset": 50'; do
        # A ping's body matters to nobody; it can only be broken before its head.
        case "$what $how" in 'ping "cut"'* | 'ping "reset"'*) continue ;; esac
        fault_start "$layout" <<JSON
{"rules": [{"what": "$what", "times": 1, $how}]}
JSON
        timeout 60 "$kist" pull -q "$fault/x" > /dev/null || fail "$what $how"
        "$kist" run --rm "$fault/x"
        "$kist" rmi "$fault/x" > /dev/null
    done
done

# Slow, in small pieces, in chunks, and closing each time: none of that is an error.
for how in '"delay": 1' '"drip": 30000' '"chunked": 1' '"chunked": 65536' '"close": true'; do
    case $how in '"chunked": 1') what=config ;; *) what=any ;; esac
    fault_start "$layout" <<JSON
{"rules": [{"what": "$what", $how}]}
JSON
    timeout 100 "$kist" pull -q "$fault/x" > /dev/null || fail "$what $how"
    "$kist" run --rm "$fault/x"
    "$kist" rmi "$fault/x" > /dev/null
done
