#!/bin/sh
# run-lifecycle.sh - ps, rm, names, --rm, --replace, --cidfile, --rootfs and --pull.
. "$(dirname "$0")/box.sh"

check() {
    same "$(k ps -aq)" ''
    k run --name one "$image" sh -c 'exit 3' || :
    has "$(k ps -a)" one
    has "$(k ps -a)" "Exited (3)"
    lacks "$(k ps)" one
    ends_with 125 k run --name one "$image" true
    has "$output" one
    k run --name one --replace "$image" true
    has "$(k ps -a)" "Exited (0)"
    same "$(k ps -aq | wc -l)" 1
    k run --rm --name two "$image" true
    lacks "$(k ps -a)" two
    ends_with 0 k rm one
    has "$output" one
    ends_with 1 k rm one
    same "$(k ps -aq)" ''
    ends_with 125 k run --name 'bad name' "$image" true
    has "$output" "bad name"

    cid=$work/$mode.cid
    in_mode rm -f "$cid" 2>/dev/null
    case $mode in root) ;; *) cid=$work/$mode/home/cid ;; esac
    k run --rm --cidfile "$cid" "$image" true
    same "$(wc -c < "$cid")" 64
    ends_with 125 k run --rm --cidfile "$cid" "$image" true
    has "$output" "$cid"

    # A running one is listed, refuses removal, and obeys force.
    start run --name slow "$image" sleep 60
    eventually 10 sh_lists slow
    has "$(k ps)" "sleep 60"
    ends_with 1 k rm slow
    has "$output" slow
    k rm -f slow > /dev/null
    wait $runner && fail "a container removed by force must not succeed"
    same "$(k ps -aq)" ''

    # A directory as root file system.
    root=$work/$mode-rootfs
    [ "$mode" = root ] || root=$work/$mode/home/rootfs
    in_mode sh -c "mkdir -p '$root/bin' '$root/etc' && cp '$(command -v busybox)' '$root/bin/busybox'"
    same "$(k run --rm --rootfs "$root" /bin/busybox echo from a directory)" "from a directory"

    ends_with 125 k run --rm --pull never "$registry/box:absent" true
    k run --rm --pull always "$image" true
    k run --rm --label a=b --annotation c=d "$image" true
}
sh_lists() { k ps | grep -q "$1"; }
each_mode check
