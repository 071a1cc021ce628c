# cut.sh - until the power is cut: all that changes the store, again and again, and what kist has confirmed of it.
. /data/board/facts.sh

# confirmed WORD KIND NAME COMMAND...: kist's command, at the end of which NAME is there or gone.
confirmed() {
    word=$1 kind=$2 name=$3
    shift 3
    maybe "$kind" "$name"
    k "$@" || fail "kist $*"
    say "$word" "$kind" "$name"
}
serves='echo started; exec sleep 100000'
# Faster than a disk, but not for ever: the board has to be looked at afterwards.
talks='i=0
while [ $i -lt 30000 ]; do
    i=$((i + 1))
    echo "line $i of many, one like the other"
done
exec sleep 100000'
# What is in memory reaches the disk in the midst of commands, in every other round.
syncing=
sync_on() { while :; do sync; usleep 30000; done & syncing=$!; }
sync_off() { [ -z "$syncing" ] || kill $syncing; syncing=; }

round=0
while :; do
    round=$((round + 1))
    [ $((round % 2)) = 0 ] || sync_on
    say phase pull
    for name in small busybox big; do
        confirmed have image $name pull -q "$registry/$name-$arch"
    done
    say phase create
    confirmed have volume "data$round" volume create "data$round"
    # It has its programs from the volume, once the image's are there.
    confirmed have container "made$round" create --name "made$round" -v "data$round:/bin" -v /scratch "$image" \
        sh -c 'ls /bin | wc -l'
    id=$(k inspect --format '{{.Id}}' "made$round") || fail "inspect"
    have id "$id"
    for policy in always unless-stopped on-failure; do
        confirmed have container "$policy$round" \
            create --name "$policy$round" --restart $policy "$image" sh -c "$serves"
    done
    confirmed have container "talker$round" create --name "talker$round" --restart always -v /scratch \
        --log-opt max-size=64k --log-opt max-file=3 "$image" sh -c "$talks"
    say phase start
    for policy in always unless-stopped on-failure; do
        confirmed have running "$policy$round" start "$policy$round"
    done
    k start -a "made$round" || fail "start -a"
    say phase log
    confirmed have running "talker$round" start "talker$round"
    sleep 1
    sync
    have log "$id"  # of made, which is not synced by kist
    say phase run
    k run --rm --pull never -v /scratch "$registry/small-$arch" || fail "run"
    k run -d --rm --name "passing$round" -v /scratch "$image" sh -c "$serves" || fail "run -d --rm"
    confirmed have container "kept$round" run --name "kept$round" "$registry/big-$arch" sh -c 'echo x > /file'
    say phase restart
    # They are to run, whatever comes in between.
    k restart -t 0 "always$round" "unless-stopped$round" "on-failure$round" "talker$round" || fail "restart"
    say phase stop
    confirmed gone running "unless-stopped$round" stop -t 0 "unless-stopped$round"
    say phase rename
    maybe container "made$round"
    confirmed have container "named$round" rename "made$round" "named$round"
    gone container "made$round"
    confirmed gone running "on-failure$round" update --restart no "on-failure$round"
    say phase rm
    k stop -t 0 "passing$round" || fail "stop"
    confirmed gone container "kept$round" rm "kept$round"
    maybe running "talker$round"
    confirmed gone container "talker$round" rm -f -v "talker$round"
    gone running "talker$round"
    if [ $round -gt 1 ]; then
        before=$((round - 1))
        id=$(k inspect --format '{{.Id}}' "named$before") || fail "inspect"
        maybe id "$id"
        maybe log "$id"
        confirmed gone container "named$before" rm -v "named$before"
        gone id "$id"
        confirmed gone volume "data$before" volume rm "data$before"
        for policy in always unless-stopped on-failure; do
            maybe running "$policy$before"
            confirmed gone container "$policy$before" rm -f "$policy$before"
            gone running "$policy$before"
        done
    fi
    say phase rmi
    confirmed gone image big rmi "$registry/big-$arch"
    confirmed gone image small rmi "$registry/small-$arch"
    sync_off
    [ $round != 2 ] || echo "@@CUT" > /dev/console
done
