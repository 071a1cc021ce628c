#!/bin/sh
# hung.sh - files on disk that are not whole, and processes that do not answer: each command ends, says what is wrong
# and what to do, and what is broken can be removed.
. "$(dirname "$0")/network.sh"
# timeout: 400

k network create web > /dev/null
id=$(k network inspect -f '{{.Id}}' web)
leases=$(volatile)/network/$id.json
record=$(store)/networks/$id.json
sleeps() { k run -d --name "$@" "$image" sleep 1000 > /dev/null; }
sleeps one --network web
sleeps two --network web
first=$(address_of one) second=$(address_of two)

# spoil FILE HOW
spoil() {
    rm -f "$1"
    case $2 in
        empty) in_mode touch "$1" ;;
        half) in_mode touch "$1"; printf '{"version"' > "$1" ;;
        link) in_mode ln -s "$1" "$1" ;;
        fifo) in_mode mkfifo "$1" ;;
        huge) in_mode truncate -s 1G "$1" ;;
    esac
}

# ---- leases: who is there keeps its address, and nobody else gets it
for how in empty half link fifo huge gone; do
    spoil "$leases" $how
    given=$(k run --rm --network web "$image" ip -4 -o address show eth0 2> "$work/said")
    [ $how = gone ] || has "$(cat "$work/said")" "warning: $leases: "
    has "$given" inet
    lacks "$given" "$first/"
    lacks "$given" "$second/"
    k exec two ping -c 1 -W 2 one > /dev/null || fail "two does not find one any more"
done
for how in half fifo; do
    sleeps third --network web
    spoil "$leases" $how
    k rm -f third > /dev/null
    not test -e "$(store)/containers/third"
done
spoil "$leases" half
k rm -f two > /dev/null
k rm -f one > /dev/null
nothing_left

# ---- the record of a network: named until somebody removes it; who is on it can go
sleeps one --network web
for how in empty half fifo huge; do
    spoil "$record" $how
    said=$(k network ls 2>&1)
    has "$said" "$record: "
    has "$said" "remove that file"
done
k rm -f one > /dev/null 2>&1
rm "$record"
lacks "$(k network ls 2>&1)" "$id"
k network create web > /dev/null
sleeps one --network web
k rm -f one > /dev/null
k network rm web > /dev/null
nothing_left

# ---- a monitor that was stopped
sleeps one
kill -STOP "$(monitor_of one)"
for words in 'kill one' 'stop one'; do
    # shellcheck disable=SC2086
    ends_with 1 k $words
    has "$output" "process $(monitor_of one), does not answer"
    has "$output" "kist rm -f"
done
k rm -f one > /dev/null
same "$(k ps -aq)" ''
nothing_left "a monitor that was stopped"

# ---- the agent of networks
[ "$mode" != root ] || exit 0
sleeps one
agent=$(agents)
gateway=$(pgrep -P "$agent")
kill -STOP "$agent" "$gateway"
start run --rm "$image" true > "$work/said" 2>&1
status=0
wait $runner || status=$?
same $status 125
has "$(cat "$work/said")" "the agent of networks, process $agent, does not answer"
has "$(cat "$work/said")" "kill -CONT $agent"
same "$(k ps -aq | wc -l)" 1
kill -CONT "$agent" "$gateway"
k run --rm "$image" true
k rm -f one > /dev/null
nothing_left "an agent that was stopped"
