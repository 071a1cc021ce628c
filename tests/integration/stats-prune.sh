#!/bin/sh
# stats-prune.sh - what containers use is shown; what nobody needs is taken away, and everything on demand.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" box
push_image "$(fixture small)" idle
image=$registry/box

names() { k ps -a --format '{{.Names}}' | sort | tr '\n' ' '; }

stats() {
    has "$(k stats --no-stream)" "MEM USAGE / LIMIT"
    has "$(k stats --no-stream up)" " up "
    same "$(k stats --no-stream --format '{{.Name}}')" up
    same "$(k stats --no-stream -a --format '{{.Name}}' | sort | tr '\n' ' ')" "ended up "
    same "$(k stats --no-stream ended --format '{{.CPUPerc}} {{.MemUsage}}')" "-- -- / --"
    case $(k stats --no-stream --format '{{.CPUPerc}}' up) in *%|--) ;; *) fail "no share of a processor" ;; esac
    same "$(k stats --no-stream --no-trunc --format '{{.ID}}' up)" "$(k inspect -f '{{.Id}}' up)"
    k stats --no-stream --format json | $python -c 'import json, sys; assert json.load(sys.stdin)["PIDs"]'
    ends_with 1 k stats --no-stream absent

    # The live table, until q, or a signal.  The terminal is left as it was.
    for key in 'send q' 'key C-c'; do
        in_mode $python "$fixtures/terminal.py" sh -c "stty > '$1/before'; '$kist' stats; stty > '$1/after'" <<DIALOGUE
expect CPU %
expect CPU %
$key
DIALOGUE
        same "$(cat "$1/before")" "$(cat "$1/after")"
    done > "$work/screen"
    has "$(cat "$work/screen")" up

    # One that is removed ends it for the others as little as a terminal that is not ours.
    k run -d --name brief "$image" sleep 300 > /dev/null
    (sleep 1.5; k rm -f brief > /dev/null) &
    in_mode timeout 4 "$kist" stats --format '{{.Name}}' up brief > "$work/said" || same $? 124
    has "$(cat "$work/said")" brief
    same "$(tail -n 1 "$work/said")" up
    k run -d --name brief "$image" sleep 300 > /dev/null
    (sleep 1.5; k rm -f brief > /dev/null) &
    in_mode timeout 10 "$kist" stats --format '{{.Name}}' brief > /dev/null || fail "it did not end"
    in_mode $python "$fixtures/terminal.py" sh -mc "stty > '$1/before'
        '$kist' stats --no-stream --format '{{.Name}}' > '$1/said' & wait \$!; stty > '$1/after'
        '$kist' stats < /dev/tty | head -n 1 > /dev/null; stty > '$1/piped'" < /dev/null > /dev/null
    same "$(cat "$1/said")" up
    same "$(cat "$1/before")" "$(cat "$1/after")"
    same "$(cat "$1/before")" "$(cat "$1/piped")"
}

prune() {
    # Containers: those that run stay, and those that a filter does not mean.
    k create --name labelled --label keep=yes "$image" true > /dev/null
    ends_with 1 k container prune < /dev/null
    has "$output" --force
    ends_with 0 k container prune -f --filter until=10h
    same "$(names)" "ended labelled up "
    ends_with 0 k container prune -f --filter 'label!=keep'
    has "$output" "Deleted Containers:"
    has "$output" "Total reclaimed space: "
    same "$(names)" "labelled up "
    ends_with 1 k container prune -f --filter name=up

    # The rest of the store: volumes only when asked for, images only without a name, but with -a.
    k run --rm -v data:/data "$image" true
    k create --name holder -v /anonymous "$image" true > /dev/null
    k rm holder > /dev/null
    same "$(k volume ls -q | wc -l)" 2
    k system prune -f > /dev/null
    same "$(names)" "up "
    same "$(k volume ls -q | wc -l)" 2
    ends_with 0 k system prune -f --volumes
    has "$output" "Deleted Volumes:"
    same "$(k volume ls -q)" data
    same "$(k images -q | wc -l)" 2
    ends_with 0 k system prune -fa
    has "$output" "Deleted Images:"
    same "$(k images --format '{{.Repository}}')" "$image"
}

reset() {
    root=$(k info --format '{{.DockerRootDir}}')
    states=$(k info --format '{{.StateDir}}')
    in_mode touch "$root/mine"
    ends_with 1 k system reset < /dev/null
    same "$(names)" "up "
    pid=$(k inspect -f '{{.State.Pid}}' up)
    k system reset -f
    [ ! -d "/proc/$pid" ] || fail "it still runs"
    same "$(in_mode ls -A "$root")" mine
    same "$(in_mode ls -A "$states" 2>/dev/null)" ''
    ends_with 1 k system reset -f
    has "$output" "no store"
    in_mode rm "$root/mine"
    same "$(names)" ''
    k run --rm "$image" true
}

check() {
    k pull -q "$registry/idle" > /dev/null
    k run --name ended "$image" true
    k run -d --name up "$image" sleep 300 > /dev/null
    room=$work
    [ "$mode" = root ] || room=$work/$mode/home
    stats "$room"
    k info --format '{{.ContainersRunning}} {{.ContainersStopped}} {{.OSType}} {{gt .NCPU 0}}' > "$work/info"
    same "$(cat "$work/info")" "1 1 linux true"
    k info --json | $python -c 'import json, sys; assert json.load(sys.stdin)["Containers"] == 2'
    same "$(k version --format '{{.Client.Version}}')" "$(k version | cut -d' ' -f2)"
    same "$(k version --format '{{.Server.Os}}')" linux
    prune
    reset
}
each_mode check
