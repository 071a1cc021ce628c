#!/bin/sh
# top.sh - the processes of a container, as ps lists them.
. "$(dirname "$0")/box.sh"

check() {
    for flags in "" "--init" "--pid host"; do
        k run -d --name many $flags "$image" sh -c 'sleep 1234 & sleep 2345' > /dev/null || fail "cannot run it"
        k exec -d many sleep 3456
        two() { k top many | grep -q 'sleep 2345'; }
        eventually 5 two
        table=$(k top many)
        same "$(echo "$table" | head -1 | tr -s ' ')" "UID PID PPID C STIME TTY TIME CMD"
        has "$table" "sleep 1234"
        # Without a cgroup, processes that share the host's numbers are known by their parents only.
        [ -n "$flags" ] && [ "$flags" != --init ] || has "$table" "sleep 3456"
        lacks "$table" registry
        lacks "$table" "kist top"
        pid=$(k inspect --format '{{.State.Pid}}' many)
        same "$(k top many -o pid,ppid | tail -n +2 | tr -s ' ' | grep -c "^$pid ")" 1
        k rm -f many > /dev/null
    done
    k run -d --name one "$image" sleep 77 > /dev/null || fail "cannot run it"
    same "$(k top one -o comm,args=WHAT | tr -s ' ')" "COMMAND WHAT
sleep sleep 77"
    same "$(k top one -eo comm)" "$(k top one -ocomm)"
    has "$(k top one aux)" "%CPU"
    has "$(k top one -e)" sleep
    ends_with 1 k top one -o nonsense
    has "$output" nonsense
    has "$output" ppid
    ends_with 1 k top one --forest
    ends_with 1 k top nowhere
    k rm -f one > /dev/null
    k create --name one "$image" true > /dev/null
    ends_with 1 k top one
    has "$output" "not running"
    k rm one > /dev/null
}
each_mode check
