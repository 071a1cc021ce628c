#!/bin/sh
# run-signals.sh - signals reach the program, and its end is kist's.
. "$(dirname "$0")/box.sh"

# signalled SIGNAL STATUS [OPTION...]: kist gets SIGNAL while a shell that traps signals runs.
signalled() {
    signal=$1 wanted=$2
    shift 2
    : > "$work/said"
    start run --rm "$@" "$image" sh -c '
        for s in HUP INT QUIT USR1 USR2 TERM WINCH; do trap "echo got $s; exit 42" $s; done
        echo ready; while :; do sleep 0.05; done' > "$work/said" 2>&1
    eventually 10 grep -q ready "$work/said"
    kill -"$signal" $runner
    status=0
    wait $runner || status=$?
    same "$status" "$wanted"
    [ "$wanted" != 42 ] || has "$(cat "$work/said")" "got $signal"
}

check() {
    for signal in HUP QUIT USR1 USR2 TERM; do
        signalled $signal 42
    done
    signalled INT 42
    # Nobody can pass KILL on: the container goes on.
    signalled KILL 137
    k kill "$(k ps -q)" > /dev/null
    eventually 10 nothing_runs
}
nothing_runs() { [ -z "$(k ps -q)" ]; }
each_mode check
