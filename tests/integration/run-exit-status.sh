#!/bin/sh
# run-exit-status.sh - a container's status is its program's, and kist's own are docker's.
. "$(dirname "$0")/box.sh"

check() {
    same "$(k run --rm "$image" echo one 'two  words' '')" "one two  words "
    ends_with 0 k run --rm "$image" true
    for status in 1 3 125 255; do
        ends_with $status k run --rm "$image" sh -c "exit $status"
    done
}
check_signal() {
    # Process 1 ignores what it does not handle; with --init it is a child that dies of the signal.
    ends_with 143 k run --rm --init "$image" sh -c 'kill -TERM $$'
    ends_with 134 k run --rm --init "$image" sh -c 'kill -ABRT $$'
    ends_with 137 k run --rm --init "$image" sh -c 'kill -KILL $$'
}
check_errors() {
    ends_with 127 k run --rm "$image" no-such-program
    has "$output" no-such-program
    ends_with 127 k run --rm "$image" /no/such/program
    ends_with 126 k run --rm "$image" /etc/passwd
    has "$output" /etc/passwd
    ends_with 126 k run --rm "$image" /etc
    ends_with 125 k run --rm --no-such-flag "$image" true
    has "$output" --no-such-flag
    ends_with 125 k run --rm --pull never "$registry/absent" true
    has "$output" "$registry/absent"
    ends_with 125 k run --rm -u nobody-of-this-name "$image" true
    has "$output" nobody-of-this-name
    ends_with 125 k run --rm -m nonsense "$image" true
    has "$output" nonsense
    ends_with 125 k run --rm -p 80:many "$image" true
    has "$output" 80:many
    same "$(k ps -aq)" ''
}
check_all() {
    check
    check_signal
    check_errors
}
each_mode check_all
