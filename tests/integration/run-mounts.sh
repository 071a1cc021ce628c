#!/bin/sh
# run-mounts.sh - volumes, binds, tmpfs and the read-only root.
. "$(dirname "$0")/box.sh"

check() {
    user_prepare "$mode"
    host=$work/$mode/home/host
    in_mode mkdir "$host"
    in_mode sh -c "echo content > '$host/file'"

    same "$(k run --rm -v "$host:/mnt/here" "$image" cat /mnt/here/file)" content
    k run --rm -v "$host:/mnt" "$image" sh -c 'echo written > /mnt/new'
    same "$(cat "$host/new")" written
    not k run --rm -v "$host:/mnt:ro" "$image" touch /mnt/other 2>/dev/null
    k run --rm -v "$host:/mnt:z" "$image" touch /mnt/z
    not k run --rm -v "$host:/mnt:ro,Z" "$image" touch /mnt/other 2>/dev/null
    same "$(k run --rm -v "$host/file:/etc/motd:ro" "$image" cat /etc/motd)" content
    same "$(k run --rm --mount "type=bind,source=$host,target=/b" "$image" cat /b/file)" content
    not k run --rm --mount "type=bind,src=$host,dst=/b,readonly" "$image" touch /b/x 2>/dev/null
    ends_with 125 k run --rm --mount "type=bind,source=$host/absent,target=/b" "$image" true
    has "$output" "$host/absent"
    ends_with 125 k run --rm --mount "type=zebra,target=/b" "$image" true
    has "$output" zebra
    # docker makes the missing source of -v.
    k run --rm -v "$host/made:/m" "$image" touch /m/x
    [ -e "$host/made/x" ] || fail "-v did not make its source"
    # A link in the image cannot lead a mount out of it.
    k run --rm -v /vol "$image" sh -c 'touch /vol/x'

    has "$(k run --rm --tmpfs /scratch:size=1m,mode=1777 "$image" grep /scratch /proc/mounts)" size=1024k
    same "$(k run --rm --tmpfs /scratch:mode=1777 "$image" stat -c %a /scratch)" 1777
    has "$(k run --rm --mount type=tmpfs,destination=/t,tmpfs-size=2m "$image" grep ' /t ' /proc/mounts)" size=2048k
    has "$(k run --rm --shm-size 3m "$image" grep ' /dev/shm ' /proc/mounts)" size=3072k

    ends_with 1 k run --rm --read-only "$image" touch /x
    k run --rm --read-only --tmpfs /tmp "$image" touch /tmp/x
    k run --rm --read-only -v "$host:/mnt" "$image" touch /mnt/y
    k run --rm --read-only "$image" sh -c 'echo x > /dev/shm/x'

    # What the container writes is its own, and mounts inside do not come back.
    k run --rm "$image" sh -c 'rm -rf /etc && echo gone > /home/x'
    same "$(k run --rm "$image" sh -c 'ls /home; ls -d /etc')" "app
/etc"
    same "$(grep -c "$work/$mode" /proc/self/mountinfo || :)" 0
}
each_mode check
