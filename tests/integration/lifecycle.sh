#!/bin/sh
# lifecycle.sh - create, start, stop, restart, kill, wait, rename, rm: what a container's monitor does.
. "$(dirname "$0")/box.sh"

state_is() { [ "$(k ps -a --format '{{.Names}} {{.State}}' | sed -n "s/^$1 //p")" = "$2" ]; }

check() {
    case $mode in root) store=$KIST_ROOT volatile=$KIST_STATE ;;
        *) store=$work/$mode/home/.local/share/kist volatile=$state/$mode/kist ;; esac
    id=$(k run -d --name web "$image" sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done')
    same "$(echo "$id" | tr -d '0-9a-f' | wc -c)" 1
    same "${#id}" 64
    state_is web running || fail "web does not run"
    # Its monitor is no child of ours and outlives the session of who started it.
    ends_with 1 k rm web
    has "$output" "is running"
    ends_with 0 k stop web
    same "$output" web
    state_is web exited || fail "web still runs"
    has "$(k ps -a)" "Exited (3)"
    ends_with 0 k stop web
    ends_with 0 k start web
    state_is web running || fail "web was not started"
    ends_with 0 k start web
    ends_with 0 k restart -t 1 web
    state_is web running || fail "web was not restarted"
    # A kill has done its work when it returns.
    for i in 1 2 3 4 5; do
        k kill web > /dev/null
        k start web > /dev/null
        state_is web running || fail "kill; start starts nothing"
    done
    # wait tells the exit code, of a kill too.
    k wait web > "$work/waited" & waiter=$!
    sleep 0.2
    ends_with 0 k kill web
    wait $waiter
    same "$(cat "$work/waited")" 137
    same "$(k wait web)" 137
    ends_with 1 k kill web
    has "$output" "not running"
    ends_with 0 k rename web site
    ends_with 1 k start web
    ends_with 0 k start "$(echo "$id" | cut -c1-12)"
    ends_with 0 k kill -s TERM site
    eventually 5 state_is site exited
    same "$(k wait site)" 3
    # A container that is only created; a name is taken once.
    ends_with 0 k create --name later "$image" sh -c 'cat; exit 5'
    state_is later created || fail "later is not created"
    ends_with 125 k run --name later "$image" true
    has "$output" "is taken"
    ends_with 5 k start -a later
    same "$(k ps -q | wc -l)" 0
    ends_with 0 k rm site later
    same "$(k ps -aq)" ''
    ends_with 1 k rm site
    ends_with 0 k rm -f site
    # What cannot be started says why, stays listed, and gives docker's exit code.
    ends_with 127 k run -d --name lost "$image" /no/such/program
    has "$output" "/no/such/program"
    state_is lost exited || fail "lost is not listed"
    k rm lost > /dev/null
    # stop kills what does not listen, after its time.
    k run -d --name deaf --stop-timeout 1 "$image" sh -c 'trap "" TERM; while :; do sleep 0.05; done' > /dev/null
    ends_with 0 k stop deaf
    has "$(k ps -a)" "Exited (137)"
    ends_with 0 k start deaf
    ends_with 0 k stop -t 0 deaf
    ends_with 0 k rm deaf
    # Several are stopped side by side; a signal without an effect does not keep us.
    for i in 1 2 3; do
        k run -d --name deaf$i "$image" sh -c 'trap "" TERM; while :; do sleep 0.05; done' > /dev/null
    done
    ends_with 0 k kill -s TERM deaf1
    began=$(date +%s%N)
    ends_with 1 k stop --time 2 deaf1 nosuch deaf2 deaf3
    same "$(echo "$output" | grep -c '^deaf')" 3
    has "$output" nosuch
    [ $((($(date +%s%N) - began) / 1000000)) -lt 4000 ] || fail "stopped one after the other"
    ends_with 0 k rm deaf1 deaf2 deaf3
    # --rm in the background leaves nothing.
    k run -d --rm --name brief "$image" sleep 0.3 > /dev/null
    k wait --condition removed brief > /dev/null
    same "$(k ps -aq)" ''
    # Stdin and attach.
    k run -d -i --name talk "$image" cat > /dev/null
    # The end of what is attached to one in the background is not the end of its input.
    echo hello > "$work/hello"
    k attach talk < "$work/hello" > "$work/talked" & first=$!
    eventually 5 grep -q hello "$work/talked"
    echo again > "$work/hello"
    k attach talk < "$work/hello" > "$work/talked" & second=$!
    eventually 5 grep -q again "$work/talked"
    state_is talk running || fail "talk has ended with its client"
    k rm -f talk > /dev/null
    for one in $first $second; do wait $one || same $? 137; done
    # Keys are a terminal's: bytes in a pipe are only bytes.
    same "$(printf 'abc\020\021def\n' | k run --rm -i "$image" cat)" "$(printf 'abc\020\021def')"
    # Who starts one that runs attaches to it.
    k run -d --name late "$image" sh -c 'sleep 1; echo late; exit 4' > /dev/null
    ends_with 4 k start -a late
    same "$output" late
    k rm late > /dev/null
    # A client whose own reader sleeps still passes signals on.
    mkfifo "$work/blocked"
    sleep 100 < "$work/blocked" & reader=$!
    start run --name loud "$image" sh -c 'trap "exit 3" TERM; yes & wait' > "$work/blocked"
    sleep 0.7
    kill $runner
    eventually 5 state_is loud exited
    kill $reader
    wait $runner || same $? 141  # as who has lost its reader
    rm "$work/blocked"
    k rm loud > /dev/null
    # Restart policies.
    k run -d --name again --restart on-failure:2 "$image" sh -c 'echo x >> /count; exit 1' > /dev/null
    eventually 10 state_is again exited
    ends_with 1 k start -a again
    k rm -f again > /dev/null
    k run -d --name always --restart always "$image" sh -c 'sleep 0.1' > /dev/null
    sleep 0.6
    ends_with 0 k stop always
    state_is always exited || fail "always was not stopped"
    k rm -f always > /dev/null
    same "$(k ps -aq)" ''
    killed_meanwhile
    names_and_needs
    same "$(k ps -aq)" ''
}

monitor() { awk '/^PPid/ { print $2 }' "/proc/$(k inspect --format '{{.State.Pid}}' "$1")/status"; }
deaf='trap "" TERM; while :; do sleep 0.05; done'
counted() { [ "$(k ps > /dev/null; k inspect --format '{{.RestartCount}}' "$1")" = "$2" ]; }
died() {
    k events --since 10m --until 0s --filter event=die --filter "container=$1" \
        --format '{{.Actor.Attributes.exitCode}}'
}

killed_meanwhile() {
    # A stop that is under way is on record: the death of the monitor does not undo it.
    k run -d --name kept --restart unless-stopped "$image" sh -c "$deaf" > /dev/null
    start stop -t 30 kept
    sleep 0.5
    kill -9 "$(monitor kept)"
    wait $runner || :
    eventually 5 state_is kept exited
    k boot
    state_is kept exited || fail "kept came back"
    k rm kept > /dev/null
    # One that is revived has been restarted, and has died before.
    k run -d --name revived --restart always "$image" sleep 1000 > /dev/null
    kill -9 "$(monitor revived)"
    eventually 10 counted revived 1
    state_is revived running || fail "revived does not run"
    same "$(died revived)" 137
    k rm -f revived > /dev/null
    k run -d --rm --name gone "$image" sleep 1000 > /dev/null
    kill -9 "$(monitor gone)"
    nobody() { [ -z "$(k ps -aq)" ]; }
    eventually 5 nobody
    same "$(died gone)" 137
    # --rm outlasts a restart, and nothing is left when it has ended.
    k run -d --rm --name again "$image" \
        sh -c 'echo x >> /count; trap "exit 0" TERM; while :; do sleep 0.05; done' > /dev/null
    ends_with 0 k restart again
    state_is again running || fail "again was not restarted"
    eventually 5 same "$(k exec again cat /count | wc -l)" 2
    k stop again > /dev/null
    same "$(k ps -aq)" ''
    # One whose record is of a newer kist is no new container.
    k create --name newer "$image" true > /dev/null
    sed -i 's/"version": 1/"version": 99/' "$store/containers/$(readlink "$store/names/newer")/state.json"
    state_is newer exited || fail "newer is shown as another"
    k rm newer > /dev/null
}

names_and_needs() {
    # What a killed rename leaves: a name that leads to one which has another.
    k create --name old "$image" true > /dev/null
    id=$(readlink "$store/names/old")
    in_mode ln -s "$id" "$store/names/half"
    ends_with 0 k rename old half
    in_mode ln -s "$id" "$store/names/old"
    ends_with 0 k create --name old "$image" true
    ends_with 1 k rename half old
    has "$output" "is taken"
    k rm half old > /dev/null
    # Whatever keeps it from being started, --rm leaves nothing.
    ends_with 125 k run --rm --requires nobody "$image" true
    same "$(k ps -aq)" ''
    k create --name left --requires right "$image" true > /dev/null
    k create --name right --requires left "$image" true > /dev/null
    ends_with 1 k start left
    has "$output" "requires itself"
    k rm left right > /dev/null
    # Too many at once: an order that is not heard is an error.
    k run -d --name busy "$image" sleep 1000 > /dev/null
    k inspect --format '{{.Id}}' busy > "$work/busy"
    rm -f "$work/crowd"
    (cd "$volatile/run/$(cat "$work/busy")" && in_mode $python -c '
import os, socket, sys, time
all = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for i in range(256)]
for each in all: each.connect("control")
print("all", flush=True)
while os.path.exists(sys.argv[1]): time.sleep(0.1)' "$work/busy" > "$work/crowd") & crowd=$!
    eventually 10 grep -q all "$work/crowd"
    ends_with 1 k stop -t 0 busy
    has "$output" "too many clients"
    ends_with 1 k rm -f busy
    state_is busy running || fail "busy has ended"
    rm "$work/busy"
    wait $crowd
    k rm -f busy > /dev/null
}
each_mode check

# Who waits for an end takes no inotify instance, of which there are few.
if [ "$(id -u)" = 0 ]; then
    "$kist" run -d --name web "$image" sleep 100 > /dev/null
    "$kist" wait web > /dev/null &
    eventually 5 sh -c "ls -l /proc/$!/fd | grep -q socket"
    lacks "$(ls -l /proc/$!/fd)" inotify
    "$kist" rm -f web > /dev/null
    # A copy that does not end holds up a start only so long.
    "$kist" create --name web "$image" true > /dev/null
    mkfifo "$work/slow"
    "$kist" cp web:/bin - > "$work/slow" &
    exec 5< "$work/slow"
    eventually 5 sh -c "head -c 1 > /dev/null" <&5
    ends_with 1 timeout 20 "$kist" start web
    has "$output" "being copied"
    exec 5<&-
    ends_with 0 "$kist" start -a web
    "$kist" rm web > /dev/null
fi
