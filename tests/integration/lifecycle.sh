#!/bin/sh
# lifecycle.sh - create, start, stop, restart, kill, wait, rename, rm: what a container's monitor does.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box

state_is() { [ "$(k ps -a --format '{{.Names}} {{.State}}' | sed -n "s/^$1 //p")" = "$2" ]; }

check() {
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
    same "$(echo hello | k attach talk)" hello
    k wait talk > /dev/null
    k rm talk > /dev/null
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
