#!/bin/sh
# pull-killed.sh - a pull that is killed leaves nothing that looks whole, and the next command sweeps the rest.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"
fault_start "$(fixture big)" <<'JSON'
{"rules": [{"what": "layer", "drip": 60000}]}
JSON

check() {
    case $mode in root) store=$KIST_ROOT ;; *) store=$work/$mode/home/.local/share/kist ;; esac
    for wait in 0.05 0.3 0.8 1.3; do
        start pull -q "$fault/big" > "$work/killed" 2>&1
        sleep $wait
        # The whole family, as the kernel's out-of-memory killer or an impatient operator would.
        kill -9 $(family $runner) 2>/dev/null || :
        wait $runner 2>/dev/null || :
        same "$(k images -q)" ''
    done
    k image prune -f > /dev/null
    same "$(find "$store/staging" "$store/references" "$store/images" -mindepth 1 | head)" ''
    k pull -q "$fault/big" > /dev/null
    k run --rm "$fault/big"
    k rmi "$fault/big" > /dev/null
    same "$(find "$store/layers" -mindepth 1 | head -3)" ''

    # Ctrl-C is no different, but quick and clean by itself.
    start pull "$fault/big" > "$work/interrupted" 2>&1
    sleep 0.5
    kill -INT $runner
    ! wait $runner || fail "an interrupted pull must not succeed"
    same "$(k images -q)" ''
}

# family PID: it and all that it started.
family() {
    printf '%s ' "$1"
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        family "$child"
    done
}
each_mode check
