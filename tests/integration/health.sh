#!/bin/sh
# health.sh - health checks: starting, healthy, unhealthy; time-outs, pauses, what follows, and by hand.
. "$(dirname "$0")/box.sh"

sleeper='trap "exit 0" TERM; while :; do sleep 0.2; done'

health() { k inspect --format "{{.State.Health.$1}}" well; }
is() { [ "$(health Status)" = "$1" ]; }
log() { k inspect --format "{{json .State.Health.Log}}" well; }
up() { k run -d --name well "$@" "$image" sh -c "$sleeper" > /dev/null || fail "cannot run it"; }
down() { k rm -f well > /dev/null; }

check_verdicts() {
    up --health-cmd 'echo asked; test -e /sick && exit 1; exit 0' --health-interval 200ms --health-retries 2
    is starting || is healthy || fail "the status at the start is $(health Status)"
    eventually 5 is healthy
    has "$(k ps)" "(healthy)"
    same "$(health FailingStreak)" 0
    has "$(log)" '"Output":"asked\n"'
    has "$(log)" '"ExitCode":0'
    k exec well touch /sick
    eventually 5 is unhealthy
    [ "$(health FailingStreak)" -ge 2 ] || fail "too early: $(health FailingStreak)"
    has "$(log)" '"ExitCode":1'
    k exec well rm /sick
    eventually 5 is healthy
    # Five answers are kept.
    five() { [ "$(log | grep -o ExitCode | wc -l)" = 5 ]; }
    eventually 5 five
    sleep 0.5
    five || fail "more than five answers are kept"
    events=$(k events --since 1m --until 0s --filter container=well --format '{{.Action}}')
    has "$events" "health_status: healthy"
    has "$events" "health_status: unhealthy"
    down
}
check_limits() {
    # A check that takes too long is killed, with what it has started.
    up --health-cmd 'echo slow; sleep 66' --health-interval 100ms --health-timeout 300ms --health-retries 1
    eventually 10 is unhealthy
    has "$(log)" '"ExitCode":-1'
    has "$(log)" 'exceeded timeout (300ms): slow'
    not k exec well sh -c 'ps | grep -v grep | grep -q "[s]leep 66.*sleep 66"'
    down
    # Much output is cut.
    up --health-cmd 'head -c 100000 /dev/zero | tr "\0" x' --health-interval 100ms
    eventually 5 is healthy
    [ "$(log | wc -c)" -lt 30000 ] || fail "the output was not cut"
    down
    # A check that is not there, and one without a shell.
    up --health-cmd 'no-such-check' --health-interval 100ms --health-retries 1
    eventually 5 is unhealthy
    has "$(log)" '"ExitCode":127'
    down
    # In the start period failures do not count, and checks come at another pace.
    up --health-cmd 'exit 1' --health-interval 100s --health-start-interval 100ms \
        --health-start-period 5s --health-retries 1
    asked() { log | grep -q ExitCode; }
    eventually 5 asked
    is starting || fail "a failure in the start period has counted"
    same "$(health FailingStreak)" 0
    down
}
check_actions() {
    up --health-cmd 'exit 1' --health-interval 100ms --health-retries 1 --health-on-failure kill
    same "$(k wait well)" 137
    down
    up --health-cmd 'exit 1' --health-interval 100ms --health-retries 1 --health-on-failure stop --restart always
    k wait well > /dev/null
    has "$(k ps -a)" Exited
    down
    up --health-cmd 'test -e /well || { touch /well; exit 1; }' --health-interval 300ms \
        --health-retries 1 --health-on-failure restart
    restarted() { [ "$(k inspect --format '{{.RestartCount}}' well)" = 1 ]; }
    eventually 10 restarted
    eventually 5 is healthy
    down
}
check_by_hand() {
    up --health-cmd 'test ! -e /sick' --health-interval 100s --health-retries 1
    is starting || fail "asked before its time"
    same "$(k healthcheck run well)" ''
    is healthy || fail "the answer is not on record"
    k exec well touch /sick
    ends_with 1 k healthcheck run well
    same "$output" unhealthy
    is unhealthy || fail "the answer is not on record"
    down
    up
    ends_with 1 k healthcheck run well
    has "$output" "no health check"
    down
    up --no-healthcheck
    lacks "$(k ps)" health
    down
    ends_with 1 k healthcheck run nowhere
    k create --name well --health-cmd true "$image" true > /dev/null
    ends_with 1 k healthcheck run well
    has "$output" "not running"
    down
}
check_all() {
    k pull -q "$image" > /dev/null
    check_verdicts
    check_limits
    check_actions
    check_by_hand
}
each_mode check_all
