#!/bin/sh
# boot.sh - what runs from boot on: the order, the policies, the guard that stays, and the shutdown.
# timeout: 300
. "$(dirname "$0")/box.sh"

mkdir -m 1777 "$work/shared"

# field NAME FIELD: of the container's record.
field() {
    sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\).*/\1/p" \
        "$store/containers/$(readlink "$store/names/$1")/state.json"
}
monitor() { awk '/^PPid/ { print $2 }' "/proc/$(field "$1" pid)/status"; }
running() { k ps --format '{{.Names}}' | sort | tr '\n' ' '; }
runs() { [ "$(running)" = "$1" ]; }
add() { name=$1; shift; k create --name "$name" "$@" > /dev/null; }
# A program that ends at once when it is told to.
idle="trap 'exit 0' TERM; sleep 100000 & wait"

# power_cut: nobody runs any more, what was volatile is gone, and the kernel has another boot id.
power_cut() {
    for one in $(running); do
        kill -9 "$(monitor "$one")"
    done
    for one in "$store"/containers/*; do
        sed -i 's/\("bootId": "\)[^"]*/\1another-boot/' "$one/state.json"
    done
    sleep 0.3
    rm -rf "${volatile:?}"
}

clear() {
    for one in $(k ps -aq); do
        k rm -f "$one"
    done > /dev/null
}

policies() {
    add always --restart always "$image" sh -c "$idle"
    add unless --restart unless-stopped "$image" sh -c "$idle"
    add failure --restart on-failure "$image" sh -c "$idle"
    add never "$image" sh -c "$idle"
    k boot
    same "$(running)" "always unless "
    k start failure never > /dev/null
    power_cut
    k boot
    same "$(running)" "always failure unless "
    k stop always unless failure > /dev/null
    power_cut
    k boot
    same "$(running)" "always "
    # A second time changes nothing.
    k boot
    same "$(running)" "always "
    clear
}

order() {
    add web --restart always --requires api "$image" sh -c "$idle"
    add api --restart always --requires base "$image" sh -c "$idle"
    add base "$image" sh -c "$idle"
    add lost --restart always --requires nothing "$image" sh -c "$idle"
    add left --restart always --requires right "$image" sh -c "$idle"
    add right --restart always --requires left "$image" sh -c "$idle"
    ends_with 1 k boot
    has "$output" 'cannot start "lost": it requires "nothing", which does not exist'
    has "$output" 'circle: left -> right -> left'
    same "$(running)" "api base web "
    by_time=$(for one in web api base; do echo "$(field $one startedAt) $one"; done | sort | cut -d ' ' -f 2)
    same "$(echo "$by_time" | tr '\n' ' ')" "base api web "
    clear
}

health() {
    rm -f "$work/shared/ready"
    add base --restart always -v "$work/shared:/shared" --health-cmd 'test -e /shared/ready' --health-interval 1s \
        --health-start-period 30s --health-start-interval 200ms "$image" sh -c "$idle"
    add web --restart always --requires base "$image" sh -c "$idle"
    start boot
    eventually 10 runs "base "
    sleep 1
    same "$(running)" "base "
    touch "$work/shared/ready"
    wait $runner
    same "$(running)" "base web "
    k rm -f web base > /dev/null
    # One that never becomes healthy holds the others back for a time, and it is said.
    add base --restart always --health-cmd false --health-interval 300ms --health-retries 2 "$image" sh -c "$idle"
    add web --restart always --requires base "$image" sh -c "$idle"
    ends_with 0 k boot
    has "$output" '"base" is not healthy'
    same "$(running)" "base web "
    clear
}

# said WORD: a program that says WORD in the shared file when it ends, which takes it a second.
said() { echo "trap 'sleep 1; echo $1 >> /shared/ends; exit 0' TERM; sleep 100000 & wait"; }
shuts_down() {
    : > "$work/shared/ends"
    chmod 666 "$work/shared/ends"
    add base --restart always -v "$work/shared:/shared" "$image" sh -c "$(said base)"
    add one --restart on-failure --requires base -v "$work/shared:/shared" "$image" sh -c "$(said one)"
    add two --restart unless-stopped --requires base -v "$work/shared:/shared" "$image" sh -c "$(said two)"
    k start base one two > /dev/null
    sleep 0.5
    began=$(date +%s)
    k shutdown
    took=$(($(date +%s) - began))
    same "$(running)" ''
    same "$(tail -1 "$work/shared/ends")" base
    same "$(sort "$work/shared/ends" | tr '\n' ' ')" "base one two "
    # Two of the three side by side: two seconds, not three; less than their own time-outs.
    [ $took -le 8 ] || fail "the shutdown took $took s"
    # Nobody has stopped them: they come back.
    k boot
    same "$(running)" "base one two "
    # Who does not end is killed when the time is up.
    add deaf --restart always "$image" sh -c "trap '' TERM; sleep 100000"
    k start deaf > /dev/null
    sleep 0.5
    began=$(date +%s)
    k shutdown --timeout 2
    took=$(($(date +%s) - began))
    [ $took -ge 2 ] && [ $took -le 8 ] || fail "the shutdown took $took s, and not 2"
    same "$(running)" ''
    same "$(field deaf exitCode)" 137
    clear
}

guard_stays() {
    add web --restart always "$image" sh -c "$idle"
    add other --restart always "$image" sh -c "$idle"
    add plain "$image" sh -c "$idle"
    start boot --stay
    guard=$runner
    eventually 20 runs "other web "
    k start plain > /dev/null
    first=$(field web pid)
    kill -9 "$(monitor web)" "$(monitor plain)"
    again() { [ "$(field web pid)" != "$first" ] && [ "$(field web status)" = 1 ]; }
    eventually 20 again
    same "$(running)" "other web "
    # It sleeps meanwhile: no timer, no wake-up.
    sleep 1
    switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$guard/status"; }
    before=$(switches)
    sleep 2
    same "$(switches)" "$before"
    # Another guard after one that was killed leaves alone what has been stopped.
    same "$(cat "$volatile/booted")" "$(cat /proc/sys/kernel/random/boot_id)"
    k stop web > /dev/null
    kill -9 "$guard"
    wait "$guard" 2> /dev/null || :
    start boot --stay
    guard=$runner
    sleep 1.5
    same "$(running)" "other "
    # Unless the mark is of another boot.
    kill -9 "$guard"
    wait "$guard" 2> /dev/null || :
    echo another-boot > "$volatile/booted"
    start boot --stay
    guard=$runner
    eventually 20 runs "other web "
    kill -TERM "$guard"
    wait "$guard" || fail "the guard ended with status $?"
    same "$(running)" ''
    clear
}

check() {
    case $mode in root) store=$KIST_ROOT volatile=$KIST_STATE ;;
        *) store=$work/$mode/home/.local/share/kist volatile=$state/$mode/kist ;; esac
    k pull -q "$image" > /dev/null
    for part in ${KIST_PARTS:-policies order health shuts_down guard_stays}; do
        echo "# $mode $part"
        $part
    done
}
each_mode check
