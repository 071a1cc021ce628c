#!/bin/sh
# run-clean.sh - a container that ends by itself leaves no mount, no cgroup, no file.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture configured)" box
image=$registry/box

everything() { find "$1" 2>/dev/null | sort; }

check() {
    case $mode in root) store=$KIST_ROOT volatile=$KIST_STATE ;;
        *) store=$work/$mode/home/.local/share/kist volatile=$state/$mode/kist ;; esac
    k run --rm "$image" > /dev/null
    before=$(everything "$store" && everything "$volatile")
    k run --rm --tmpfs /t -v /anonymous --init "$image" > /dev/null
    k run --rm --entrypoint sh "$image" -c 'exit 9' || :
    k run --rm "$image" > /dev/null 2>&1 < /dev/null
    not k run --rm --entrypoint /nowhere "$image" 2>/dev/null
    not k run --rm --name x -v /no/such/../dir:/relative/../x:rw,bogus "$image" 2>/dev/null
    k run --name kept "$image" > /dev/null
    k rm -v kept > /dev/null
    same "$(everything "$store" && everything "$volatile")" "$before"
    same "$(ls /tmp | grep -c '^\.\?kist\.' || :)" 0
}
each_mode check
