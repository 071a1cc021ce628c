#!/bin/sh
# layers-hostile.sh - a layer that tries to leave its tree changes nothing outside of it.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture hostile)" hostile
before=$(stat -c '%n %Y %s %h' /etc/passwd /etc/shadow /etc /)
check() {
    k pull -q "$registry/hostile" > "$work/said" 2>&1 || :
    for escaped in /escaped /absolute /tmp/through-link /tmp/through-relative /dotdot; do
        [ ! -e "$escaped" ] || fail "$escaped was written"
    done
    same "$(stat -c '%n %Y %s %h' /etc/passwd /etc/shadow /etc /)" "$before"
    same "$(find "$work" "$state" -name escaped -o -name dotdot | grep -v /layers/ | head -3)" ''
}
each_mode check
