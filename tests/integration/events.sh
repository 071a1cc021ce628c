#!/bin/sh
# events.sh - what happens is seen by those who ask afterwards and by those who wait for it.
. "$(dirname "$0")/box.sh"

names='{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'
past() { k events --since 10m --until 0s "$@"; }

# $follower sees the events of one container.
follow() {
    start events --filter container=seen --until "$(($(date +%s) + 600))" --format "$names" \
        > "$work/$mode.followed"
    follower=$runner
}

check() {
    same "$(past)" ''
    k create --name seen --label tier=front "$image" sh -c 'exit 3' > /dev/null
    id=$(k inspect --format '{{.Id}}' seen)
    follow
    sleep 0.5
    k start -a seen || :
    k run --name other --label tier=back "$image" true
    eventually 10 grep -q die "$work/$mode.followed"
    k rename seen unseen
    same "$(past --filter event=rename --format '{{.Actor.Attributes.oldName}}')" seen
    k rename unseen seen
    k rm seen > /dev/null
    eventually 10 grep -q destroy "$work/$mode.followed"
    kill $follower
    has "$(cat "$work/$mode.followed")" "container start seen
"
    lacks "$(cat "$work/$mode.followed")" other

    all=$(past --filter type=container --format "$names")
    for event in 'create seen' 'start seen' 'die seen' 'destroy seen' 'create other' 'start other' \
        'die other'; do
        has "$all" "container $event"
    done
    # docker's text, and its JSON.
    has "$(past --filter event=die --filter container=seen)" " container die $id (exitCode=3, image="
    past --filter event=die --format json | grep -q "\"Actor\":{\"ID\":\"$id\",\"Attributes\":{" || fail "json"
    same "$(past --filter event=die --format json)" "$(past --filter event=die --format '{{json .}}')"
    same "$(past --filter event=die --filter container=seen \
        --format '{{.ID}} {{.Actor.Attributes.exitCode}} {{.Scope}}')" "$id 3 local"

    # Filters of one key are alternatives, of several keys conditions.
    same "$(past --filter event=start --filter event=die --filter container=seen --format '{{.Action}}')" "start
die"
    short=$(echo "$id" | cut -c1-12)
    same "$(past --filter "container=$short" --filter event=start --format "$names")" 'container start seen'
    same "$(past --filter label=tier=back --filter event=start --format "$names")" 'container start other'
    same "$(past --filter label=tier --filter event=start | wc -l)" 2
    same "$(past --filter label=tier=back --filter label=tier=front)" ''
    same "$(past --filter "image=$image" --filter event=start | wc -l)" 2
    same "$(past --filter image=nothing)" ''
    k rm other > /dev/null

    # As docker orders and words a stop.
    k run -d --name asked "$image" sh -c 'trap "exit 0" TERM; while :; do sleep 0.05; done' > /dev/null
    sleep 0.3
    k stop asked > /dev/null
    all=$(past --filter container=asked --format '{{.Action}} {{.Actor.Attributes.exitCode}}')
    same "$(echo "$all" | tail -3 | tr '\n' ' ')" \
        "kill <no value> die 0 stop <no value> "
    same "$(past --filter event=kill --filter container=asked --format '{{.Actor.Attributes.signal}}')" 15
    k rm asked > /dev/null

    # Images.
    k rmi "$image" > /dev/null
    has "$(past --filter type=image --filter event=untag --format "$names,")" "image untag $image:latest,"
    same "$(past --filter type=image --filter event=delete | wc -l)" 1
    k pull -q "$image" > /dev/null
    has "$(past --filter "image=$image" --filter type=image --format '{{.Action}}')" pull

    # Of the past there is only what was asked for.
    same "$(k events --until 0s --filter type=container | wc -l)" "$(past --filter type=container | wc -l)"
    same "$(k events --since 2020-01-01 --until 2020-01-02T00:00)" ''
    began=$(date +%s)
    same "$(k events --since "$((began + 1))" --until "$((began + 2))")" ''
    [ "$(date +%s)" -gt "$((began + 1))" ] || fail "did not wait for its end"

    ends_with 1 k events --filter nonsense=x
    has "$output" "filters are container"
    ends_with 1 k events --since whenever
    has "$output" '"whenever" is not a time'
    ends_with 1 k events --format '{{.Nothing' --until 0s
}
each_mode check
