#!/bin/sh
# logs.sh - what containers print is kept, bounded, and shown: to those who ask and to those who follow.
# timeout: 300
. "$(dirname "$0")/box.sh"

# quiet ARGUMENT...: a container that has run to its end, in the background.
quiet() {
    k run -d "$@" > /dev/null || fail "cannot run $*"
    k wait "$(k ps -alq)" > /dev/null || fail "cannot wait for $*"
}
log_path() { k inspect --format '{{.LogPath}}' "$1"; }
numbers() { in_mode seq "$1" "$2"; }

shows_what_was_printed() {
    quiet --name both "$image" sh -c 'echo out; echo err >&2; printf tail'
    same "$(k logs both 2> /dev/null)" "out
tail"
    same "$(k logs both 2>&1 > /dev/null)" err
    same "$(k logs --details "$(k ps -alq)" 2> /dev/null | head -n 1)" out
    k logs -t both 2> /dev/null | grep -Eq '^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}Z out$' || fail "no timestamps"

    # docker's format, for its tools.
    in_mode cat "$(log_path both)" | $python -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert [line["log"] for line in lines if line["stream"] == "stdout"] == ["out\n", "tail"], lines
assert [line["log"] for line in lines if line["stream"] == "stderr"] == ["err\n"], lines
assert all(line["time"].endswith("Z") for line in lines)'

    quiet -t --name terminal "$image" sh -c 'echo out; echo err >&2'
    same "$(k logs terminal 2> /dev/null | tr -d '\r')" "out
err"
    quiet --name bytes "$image" sh -c 'printf "\377\376\000\001\n"; head -c 40000 /dev/zero'
    same "$(k logs bytes | sha256sum)" \
        "$( (printf '\377\376\000\001\n'; head -c 40000 /dev/zero) | sha256sum)"
    # One that runs in the foreground is logged, too.
    k run --name front "$image" echo here > /dev/null
    same "$(k logs front)" here
    k run --log-driver none --name nothing "$image" echo here > /dev/null
    ends_with 1 k logs nothing
    has "$output" 'its log driver is none'
    ends_with 1 k logs absent
    has "$output" absent
    k rm both > /dev/null
    ends_with 1 k logs both
}

chooses_lines() {
    quiet --name ten "$image" seq 10
    same "$(k logs -n 2 ten | tr '\n' ' ')" '9 10 '
    same "$(k logs --tail 0 ten)" ''
    same "$(k logs --tail all ten | wc -l)" 10
    same "$(k logs --tail 100 ten | wc -l)" 10
    ends_with 1 k logs --tail some ten
    ends_with 1 k logs --since sometime ten
    has "$output" '--since: "sometime" is not a time'
    quiet --name slow "$image" sh -c 'echo early; sleep 1.2; echo late'
    between=$(k logs -t slow | $python -c '
import sys, datetime
text = sys.stdin.readline().split(" ")[0]
time = datetime.datetime.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
print("%.1f" % (time.timestamp() + float("0" + text[19:-1]) + 0.6))')
    same "$(k logs --since "$between" slow)" late
    same "$(k logs --until "$between" slow)" early
    same "$(k logs --since 10m slow | wc -l)" 2
    same "$(k logs --until 10m slow)" ''
    same "$(k logs --since 2020-01-01T00:00:00Z --until 2020-01-02 slow)" ''
}

# Lines come as they are printed, whatever becomes of the files, to several readers; and it ends by itself.
follows_across_rotation() {
    ends_with 125 k run --log-opt max-size=-1 "$image" true
    has "$output" bounded
    k run -d --name writer --log-opt max-size=64k --log-opt max-file=20 "$image" \
        sh -c 'sleep 1; seq 10000; sleep 0.3; seq 10001 12000' > /dev/null
    for reader in 1 2 3; do
        in_mode "$kist" logs -f writer > "$work/$mode.reader$reader" &
        eval "reader$reader=$!"
        children="$children $!"
    done
    for reader in $reader1 $reader2 $reader3; do wait "$reader" || fail "a reader failed"; done
    for reader in 1 2 3; do
        numbers 1 12000 | cmp - "$work/$mode.reader$reader" || fail "reader $reader lost lines"
    done
    same "$(k logs writer | wc -l)" 12000
    same "$(k logs -n 7000 writer | head -n 1)" 5001
    # By default it is bounded, too; here by little.
    quiet --name bounded --log-opt max-size=64k --log-opt max-file=2 "$image" seq 20000
    last=$(k logs bounded | tail -n 1)
    same "$last" 20000
    first=$(k logs bounded | head -n 1)
    [ "$first" -gt 15000 ] && [ "$first" -lt 19500 ] || fail "kept from $first on"
    same "$(k logs bounded)" "$(numbers "$first" 20000)"
}

follows_across_restarts() {
    k run -d --name again --restart on-failure:2 "$image" sh -c 'sleep 0.5; echo run; exit 1' > /dev/null
    same "$(k logs -f again | tr '\n' ' ')" 'run run run '
    k run -d --name stopped "$image" sh -c 'trap "exit 0" TERM; echo begin; while :; do sleep 0.1; done' > /dev/null
    in_mode "$kist" logs -f stopped > "$work/$mode.stopped" &
    reader=$!
    children="$children $reader"
    eventually 10 grep -q begin "$work/$mode.stopped"
    k restart stopped > /dev/null
    eventually 10 sh -c "[ \$(grep -c begin '$work/$mode.stopped') = 2 ]"
    k stop stopped > /dev/null
    wait $reader
    # Nothing to wait for.
    same "$(k logs -f stopped | wc -l)" 2
    # One that goes without a trace takes its readers along.
    k run -d --rm --name gone "$image" sh -c 'echo here; sleep 0.7; echo there' > /dev/null
    same "$(k logs -f gone | tr '\n' ' ')" 'here there '
    # Nor does one stay whose monitor is killed, and the container with it.
    k run -d --name killed "$image" sh -c 'echo here; sleep 60' > /dev/null
    in_mode "$kist" logs -f killed > "$work/$mode.killed" &
    reader=$!
    children="$children $reader"
    eventually 10 grep -q here "$work/$mode.killed"
    kill -9 "$(awk '$1 == "PPid:" {print $2}' "/proc/$(k inspect --format '{{.State.Pid}}' killed)/status")"
    wait $reader || fail "a reader of a killed container"
    k run -d --name removed "$image" sleep 60 > /dev/null
    in_mode "$kist" logs -f removed &
    reader=$!
    children="$children $reader"
    sleep 0.3
    k rm -f removed > /dev/null
    wait $reader || :
}

keeps_a_ring_in_memory() {
    quiet --name ring --log-driver ring "$image" sh -c 'seq 20000; echo last words'
    same "$(k logs -n 1 ring)" 'last words'
    [ "$(k logs ring | wc -l)" -lt 19000 ] || fail "the ring is not bounded"
    path=$(log_path ring)
    case $path in "$state"/*) ;; *) fail "the ring is at $path" ;; esac
    in_mode test -s "$path"
    k rm ring > /dev/null
    in_mode test ! -e "$(dirname "$path")" || fail "the ring was left behind"
}

# Nothing is written while nothing is printed, nor before.
writes_nothing_in_silence() {
    k run -d --name silent "$image" sleep 60 > /dev/null
    same "$(k logs silent)" ''
    in_mode test -d "$(dirname "$(log_path silent)")"
    in_mode test ! -e "$(log_path silent)" || fail "a log, but nothing was printed"
    k rm -f silent > /dev/null
}

goes_to_syslog() {
    socket=$state/$mode/log
    [ "$mode" != root ] || socket=$state/log
    in_mode $python -c '
import signal, socket, sys
signal.alarm(60)  # what is killed at the end is the shell that started this
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(65536).decode(), flush=True)' "$socket" > "$work/$mode.syslog" &
    children="$children $!"
    eventually 10 test -S "$socket"
    quiet --name system --log-driver syslog --log-opt "syslog-address=unix://$socket" "$image" \
        sh -c 'echo fine; echo bad >&2'
    eventually 10 grep -q bad "$work/$mode.syslog"
    grep -Eq '^<30>system\[[0-9]+\]: fine$' "$work/$mode.syslog" || fail "$(cat "$work/$mode.syslog")"
    grep -Eq '^<27>system\[[0-9]+\]: bad$' "$work/$mode.syslog" || fail "$(cat "$work/$mode.syslog")"
    ends_with 1 k logs system
    has "$output" 'its log driver is syslog'
    ends_with 125 k run --log-driver syslog --log-opt syslog-address=tcp://here:1 "$image" true
    has "$output" 'expected unix:///PATH or udp://HOST:PORT'
}

check() {
    shows_what_was_printed
    chooses_lines
    follows_across_rotation
    follows_across_restarts
    keeps_a_ring_in_memory
    writes_nothing_in_silence
    goes_to_syslog
    k rm -f $(k ps -aq) > /dev/null
}
each_mode check
