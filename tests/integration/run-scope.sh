#!/bin/bash
# run-scope.sh - limits of an ordinary user on a machine with systemd are asked of the user's systemd, and whatever
# it or the bus does ends in a sentence.  The bus is fixtures/fake_bus.py; the boards have a real one.
[ "$(id -u)" = 0 ] || { echo "skip: needs root"; exit 77; }
# A machine that looks as if systemd ran on it.
[ -n "${KIST_FAKE_RUN:-}" ] || KIST_FAKE_RUN=1 exec unshare --mount --propagation private \
    sh -c 'mount -t tmpfs -o mode=755 run /run; mkdir -p /run/systemd/system; exec "$0" "$@"' "$0" "$@"
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"
grep -q ' cgroup2 ' /proc/mounts || mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup 2>/dev/null || skip "needs cgroup v2"

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box
mode=single
user_prepare $mode
k pull -q "$image" > /dev/null
bus=$state/$mode/bus

# with_bus CASE: kist asks that bus; $asked is what it asked.
with_bus() {
    rm -f "$bus" "$work/asked"
    $python "$fixtures/fake_bus.py" "$bus" "$1" > "$work/asked" 2> "$work/bus.err" &
    server=$!
    children="$children $server"
    eventually 5 test -S "$bus"
    ends_with 125 k run --rm -m 64m "$image" echo ran
    lacks "$output" ran
    kill $server
    wait $server 2>/dev/null || :
    asked=$(cat "$work/asked")
}

# What is asked for, in which words.  The scope is there then, but this process is not in it: that is said.
with_bus done
has "$asked" Hello
has "$asked" "AddMatch"
has "$asked" "StartTransientUnit"
for words in 'kist-[0-9a-f]{12}\.scope' 'Delegate' 'CollectMode inactive-or-failed' 'PIDs'; do
    echo "$asked" | grep -qE "$words" || fail "no $words in: $asked"
done
has "$output" "no cgroup is delegated to this user"
with_bus early
has "$output" "no cgroup is delegated to this user"
# A name that is taken still: another one.
with_bus exists
same "$(echo "$asked" | grep -c StartTransientUnit)" 2
echo "$asked" | grep -qE 'kist-[0-9a-f]{12}-[0-9]+\.scope' || fail "no second name in: $asked"

check() {
    with_bus "$1"
    has "$output" "$2"
    has "$output" "hint: "
    has "$output" "$3"
}
check refused  'gave no scope: no scopes for you (org.freedesktop.DBus.Error.AccessDenied)'  'systemctl --user status'
check failed   'ended with "failed"'               'journalctl --user'
check wrong    'an answer that is none'            'systemctl --user status'
check garbage  'a D-Bus message is malformed'      'systemctl --user status'
check huge     'a D-Bus message of more than'      'systemctl --user status'
check hangup   'hung up'                           'systemctl --user status'
check reject   'does not let user 12345 in'        'XDG_RUNTIME_DIR must be'
check other    'does not speak D-Bus: 220 mail'    'systemctl --user status'
check nothing  'did not answer within 5 seconds'   'systemctl --user status'
started=$SECONDS
check babble   'says much, but does not answer'    'systemctl --user status'
check chatter  'did not answer within 5 seconds'   'systemctl --user status'
[ $((SECONDS - started)) -lt 12 ] || fail "buses that babble held kist up for $((SECONDS - started)) s"

# No bus, and one that nobody listens on.
rm -f "$bus"
ends_with 125 k run --rm -m 64m "$image" echo ran
has "$output" "cannot connect to $state/$mode/"
has "$output" "loginctl enable-linger 12345"
$python -c "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])" "$bus"
chmod 666 "$bus"
ends_with 125 k run --rm -m 64m "$image" echo ran
has "$output" "Connection refused"
has "$output" "loginctl enable-linger 12345"

# Without a limit nobody is asked.
same "$(k run --rm "$image" echo fine 2>/dev/null)" fine
same "$(k ps -aq)" ''
