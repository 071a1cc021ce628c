#!/bin/sh
# run-terminal.sh - a terminal with -t: size, resize, job control, keys; and pipes without it.
. "$(dirname "$0")/box.sh"

played() { in_mode $python "$fixtures/terminal.py" "$@"; }

has_more_lines() { [ "$(k logs goeson | wc -l)" -gt "$lines" ]; }
check() {
    k pull -q "$image" > /dev/null
    output=$(played --size 30x99 "$kist" run --rm -it "$image" sh <<'DIALOGUE'
expect #
send stty size
expect 30 99
send tty
expect /dev/
send test -t 0 && test -t 1 && test -t 2 && echo all $((1 + 2)) terminals
expect all 3 terminals
resize 40x120
send sleep 0.3; stty size
expect 40 120
send sleep 77
wait 0.5
key C-z
expect Stopped
send fg
wait 0.5
key C-c
expect #
send echo $TERM; exit 7
DIALOGUE
    ) && fail "the status is lost" || same $? 7
    # The terminal of the host is as it was: the keys still work after the container.
    output=$(played sh -c "'$kist' run --rm -it '$image' true; stty -a" < /dev/null)
    has "$output" " echo "
    has "$output" " icanon "

    # Nobody but who is attached changes the size.
    played --size 30x99 "$kist" run -d -t --name sized "$image" sleep 1000 < /dev/null > /dev/null
    played --size 11x22 "$kist" kill -s CONT sized < /dev/null > /dev/null
    same "$(k exec sized sh -c 'stty size < /proc/1/fd/0')" "30 99"
    k rm -f sized > /dev/null

    # Ctrl-C reaches the container's program, not kist.
    catcher='trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.1; done'
    output=$(played "$kist" run --rm -it "$image" sh -c "$catcher" <<'DIALOGUE'
expect ready
key C-c
expect caught
DIALOGUE
    ) && fail "the status is lost" || same $? 5

    # Standard input ends, with and without -i.
    same "$(echo piped | k run --rm -i "$image" cat)" piped
    same "$(echo piped | k run --rm "$image" cat)" ''
    same "$(k run --rm "$image" sh -c 'echo out; echo err >&2' 2>/dev/null)" out
    same "$(k run --rm "$image" sh -c 'test -t 0 || test -t 1 || echo none')" none
    same "$(head -c 3000000 /dev/zero | k run --rm -i "$image" wc -c)" 3000000
    same "$(k run --rm "$image" head -c 3000000 /dev/zero | wc -c)" 3000000
    # A reader that leaves early: the container goes on, and what it writes is logged.
    same "$(k run --name goeson "$image" sh -c 'while :; do echo again; sleep 0.05; done' | head -1)" again
    lines=$(k logs goeson | wc -l)
    eventually 5 has_more_lines
    k rm -f goeson > /dev/null
    # The terminal hangs up: the container goes on, and its terminal too.
    played "$kist" run --name hung -it "$image" sh -c 'echo ready; read line; echo got "$line"; sleep 99' \
        > /dev/null <<'DIALOGUE' || :
expect ready
hangup
DIALOGUE
    sleep 0.3
    played "$kist" attach hung > "$work/said" <<'DIALOGUE'
send hello
expect got hello
key C-p
key C-q
DIALOGUE
    same "$(k ps --format '{{.Names}}')" hung
    k rm -f hung > /dev/null
    # Ctrl-C for a program that does not heed it: the third leaves it alone.
    played "$kist" run --name deaf "$image" sh -c 'trap "" INT; echo ready; sleep 99' > "$work/said" \
        <<'DIALOGUE' && fail "no status" || same $? 130
expect ready
key C-c
wait 0.2
key C-c
wait 0.2
key C-c
expect does not heed
DIALOGUE
    same "$(k ps --format '{{.Names}}')" deaf
    k rm -f deaf > /dev/null
    # Without stdin Ctrl-C is for the client.
    k run -dit --name own "$image" sh > /dev/null
    played "$kist" attach --no-stdin own > /dev/null <<'DIALOGUE' && fail "no status" || same $? 130
wait 0.3
key C-c
DIALOGUE
    same "$(k ps --format '{{.Names}}')" own
    k rm -f own > /dev/null
    # stdio belongs to the container's user.
    k run --rm -u app "$image" sh -c 'echo x > /dev/stdout' > /dev/null
    writer='echo x > /dev/tty && echo x > /proc/self/fd/1'
    played "$kist" run --rm -it -u app "$image" sh -c "$writer" < /dev/null > /dev/null
}
each_mode check
