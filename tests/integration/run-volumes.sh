#!/bin/sh
# run-volumes.sh - named and anonymous volumes: kept, filled from the image once, shared, and removed.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture volumes)" volumes
image=$registry/volumes

store() { case $mode in root) echo "$KIST_ROOT" ;; *) echo "$work/$mode/home/.local/share/kist" ;; esac; }
volumes() { in_mode ls "$(store)/volumes"; }
# What of a volume's owners can be had in this mode.
owned() { [ "$mode" = single ] || same "$@"; }

persist() {
    k run --rm -v kept:/k "$image" sh -c 'echo one > /k/file'
    same "$(k run --rm -v kept:/other "$image" cat /other/file)" one
    k run --rm --mount type=volume,source=kept,target=/k "$image" sh -c 'echo two >> /k/file'
    same "$(k run --rm --mount src=kept,dst=/k,readonly "$image" cat /k/file)" "one
two"
    not k run --rm -v kept:/k:ro "$image" touch /k/x 2>/dev/null
    not k run --rm --mount source=kept,target=/k,ro "$image" touch /k/x 2>/dev/null
    has "$(volumes)" kept
    # --rm takes anonymous volumes only: the image's own one has gone each time.
    same "$(volumes)" kept
}

copy_up() {
    same "$(k run --rm -v full:/data "$image" sh -c 'sha256sum -c -s /sums && ls /data | wc -l')" 303
    shown=$(k run --rm -v full:/mnt "$image" stat -c '%a %h' /mnt /mnt/sub /mnt/7 /mnt/hard)
    same "$shown" "2751 3
555 2
640 1
640 2"
    owned "$(k run --rm -v full:/mnt "$image" stat -c %u:%g /mnt /mnt/sub /mnt/7 /mnt/107)" "1000:50
33:33
1000:7
1000:7"
    same "$(k run --rm -v full:/mnt "$image" readlink /mnt/link)" /etc/passwd
    # Once: what was deleted stays deleted, what was changed stays changed.
    k run --rm -v full:/data "$image" sh -c 'rm /data/[0-9lh]*; echo mine > /data/mine; chmod 700 /data'
    same "$(k run --rm -v full:/data "$image" sh -c 'ls /data; stat -c %a /data')" "mine
sub
700"
    # A volume that holds something is left alone, and so is one that nobody wants filled.
    k run --rm -v used:/k "$image" touch /k/own
    same "$(k run --rm -v used:/data "$image" ls /data)" own
    same "$(k run --rm -v plain:/data:nocopy "$image" ls /data)" ''
    same "$(k run --rm --mount src=plain,dst=/data,volume-nocopy "$image" ls /data)" ''
    same "$(k run --rm -v plain:/data "$image" ls /data | wc -l)" 303
    # An empty directory of the image gives its owner and mode.
    same "$(k run --rm -v bare:/empty "$image" stat -c %a /empty)" 1711
    owned "$(k run --rm -v bare:/x "$image" stat -c %u:%g /x)" 1000:1000
}

anonymous() {
    before=$(volumes)
    same "$(k run --rm "$image" sh -c 'cat /declared/seed; echo x > /declared/x')" planted
    same "$(k run --rm -v /data "$image" sh -c 'ls /data | wc -l')" 303
    same "$(volumes)" "$before"

    k run --name keeps -v /data "$image" rm /data/0
    made=$(volumes | grep -cE '^[0-9a-f]{64}$')
    same "$made" 2
    k rm keeps > /dev/null
    same "$(volumes | grep -cE '^[0-9a-f]{64}$')" 2
    k volume prune -f > /dev/null
    same "$(volumes)" "$before"
    k run --name drops -v /data -v kept:/k "$image" true
    k rm -v drops > /dev/null
    same "$(volumes)" "$before"
}

from() {
    k run --name first -v from:/f -v /data -v kept:/k:ro "$image" \
        sh -c 'echo f > /f/file; echo d > /data/0; rm /declared/seed'
    k run --rm --volumes-from first "$image" \
        sh -c 'cat /f/file /data/0 /k/file; ls /declared; ! touch /k/x' > "$work/said" 2>&1
    has "$(cat "$work/said")" "f
d
one
two"
    lacks "$(cat "$work/said")" seed
    not k run --rm --volumes-from first:ro "$image" touch /f/x 2>/dev/null
    same "$(k run --rm --volumes-from first -v used:/f "$image" ls /f)" own
    ends_with 125 k run --rm --volumes-from nobody "$image" true
    has "$output" nobody
    # An anonymous volume goes with the last container that has it.
    before=$(volumes)
    k run --name second --volumes-from first "$image" true
    k rm -v first > /dev/null
    same "$(volumes)" "$before"
    k rm -v second > /dev/null
    same "$(volumes | grep -cE '^[0-9a-f]{64}$')" 0
}

names() {
    for name in a/b x/../../y 'a b'; do
        ends_with 125 k run --rm -v "$name:/k" "$image" true
        has "$output" "volume's name"
    done
    for name in .. -a 'a b' '$(id)' _data; do
        not k run --rm --mount "source=$name,target=/k" "$image" true 2>/dev/null
    done
    ends_with 125 k run --rm --mount source=kept,target=/k,volume-driver=nfs "$image" true
    has "$output" nfs
}

# Links of the image never lead a volume, or what it is filled with, out of the container.
links() {
    same "$(k run --rm -v linked:/to-host "$image" \
        sh -c 'cat /etc/passwd | grep -c /home/app; grep " /etc " /proc/mounts | wc -l')" "1
1"
    same "$(k run --rm -v linked:/x "$image" sh -c 'ls /x | tr "\n" " "')" "group passwd "
    same "$(k run --rm -v again:/to-declared "$image" cat /declared/seed)" planted
    ends_with 125 k run --rm -v proc:/to-proc "$image" true
    has "$output" "leads into /proc"
    ends_with 125 k run --rm --tmpfs /to-proc "$image" true
    has "$output" "leads into /proc"
}

sums='ls /data | wc -l; sha256sum -c -s /sums && echo whole'

at_once() {
    for one in 1 2 3 4; do
        start run --rm -v new:/data "$image" sh -c "$sums" > "$work/said.$one" 2> "$work/warned.$one"
        eval "runner$one=$runner"
    done
    for one in 1 2 3 4; do
        eval "wait \$runner$one" || fail "$(cat "$work/warned.$one")"
        same "$(cat "$work/said.$one")" "303
whole"
    done
}

# Whenever kist is killed, the volume is whole for the next container.
killed() {
    for delay in 0.02 0.04 0.06 0.08 0.1 0.13 0.16 0.2 0.25 0.3; do
        start run --rm -v killed$delay:/data "$image" sleep 60
        sleep $delay
        kill -9 $runner
        wait $runner 2>/dev/null || :
        same "$(k run --rm -v killed$delay:/data "$image" sh -c "$sums")" "303
whole"
    done
    same "$(in_mode ls -A "$(store)/volumes" | grep '^\.[nt]' || :)" ''
    same "$(in_mode find "$(store)/volumes" -maxdepth 2 -name _filling)" ''
}

check() {
    user_prepare "$mode"
    persist
    copy_up
    anonymous
    from
    names
    links
    at_once
    killed
}
each_mode check
