#!/bin/sh
# killed-anywhere.sh - kist is killed, or refused, at any of its system calls: the next command repairs it.
#
# strace(1) kills every process of a command at its N-th system call, or lets that call fail.  Afterwards
# containers can be listed, removed and run again, and nothing is left.  A sample by default, of as many
# seconds as KIST_FAULT_SECONDS says; "all" tries every N.  KIST_SEED repeats a sample.
# timeout: 20000
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
need strace
strace -qq -o /dev/null true 2> /dev/null || skip "processes cannot be traced here"

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box
"$kist" pull -q "$image" > /dev/null
seconds=${KIST_FAULT_SECONDS:-40}
seed=${KIST_SEED:-$(date +%s)}
echo "KIST_SEED=$seed"

sleeps="sh -c 'trap exit TERM; while :; do sleep 0.1; done'"
# The operations: what stands before, and the command that is hurt.
before() {
    case $1 in
        create | run | pull) ;;
        start) "$kist" create --name ff "$image" sleep 0.3 > /dev/null ;;
        stop | exec | rm) eval "\"\$kist\" run -d --name ff \"\$image\" $sleeps" > /dev/null ;;
    esac
}
words() {
    case $1 in
        pull) echo "pull -q $image" ;;
        create) echo "create --name ff -v /vol $image true" ;;
        run) echo "run -d --name ff $image sleep 0.3" ;;
        start) echo "start ff" ;;
        stop) echo "stop -t 1 ff" ;;
        exec) echo "exec ff true" ;;
        rm) echo "rm -f -v ff" ;;
    esac
}
hurt() { # OPERATION FAULT
    before "$1"
    # shellcheck disable=SC2046 # words
    timeout 10 strace -f -qq -o /dev/null -e "inject=all:$2" "$kist" $(words "$1") > "$work/said" 2>&1 < /dev/null || :
}

left_behind() {
    for place in "$KIST_ROOT/containers" "$KIST_ROOT/names" "$KIST_ROOT/staging" "$KIST_STATE/run"; do
        ls "$place" 2> /dev/null
    done
    ls "$KIST_STATE/locks"
}
gone() { [ -z "$(left_behind)" ]; }

repaired() { # WHAT
    "$kist" ps -a > "$work/listed" 2>&1 || fail "$1: ps failed: $(cat "$work/listed")"
    "$kist" rm -f -v ff > "$work/removed" 2>&1 || fail "$1: rm failed: $(cat "$work/removed")"
    same "$("$kist" run --rm --name ff "$image" echo again 2>&1)" again
    "$kist" ps -aq | while read -r id; do "$kist" rm -f -v "$id"; done > /dev/null
    "$kist" volume prune -a -f > /dev/null 2>&1
    tries=100
    until gone; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$1: left behind: $(left_behind | tr '\n' ' ')"
        sleep 0.1
        "$kist" ps -aq > /dev/null
    done
}

# How many system calls the busiest process of an operation makes.
calls() {
    before "$1"
    # shellcheck disable=SC2046 # words
    strace -f -qq -o "$work/trace" "$kist" $(words "$1") > /dev/null 2>&1 < /dev/null || :
    "$kist" rm -f -v ff > /dev/null 2>&1 || :
    awk '{count[$1]++} END {for (p in count) if (count[p] > most) most = count[p]; print most}' "$work/trace"
}

faults="signal=KILL error=ENOSPC error=EIO error=ENOMEM"
operations="pull create run start stop exec rm"
limits=
for operation in $operations; do
    limits="$limits $operation:$(calls "$operation")"
done
tried=0
try() { # OPERATION FAULT N
    tried=$((tried + 1))
    hurt "$1" "$2:when=$3"
    repaired "$1 with $2 at call $3"
}

if [ "$seconds" = all ]; then
    for each in $limits; do
        for fault in $faults; do
            for n in $(seq 1 "${each#*:}"); do try "${each%:*}" "$fault" "$n"; done
        done
    done
else
    end=$(($(date +%s) + seconds))
    awk -v seed="$seed" -v limits="$limits" -v faults="$faults" 'BEGIN {
        srand(seed)
        operations = split(limits, limit, " ")
        kinds = split(faults, fault, " ")
        for (i = 0; i < 5000; i++) {
            split(limit[int(rand() * operations) + 1], part, ":")
            # Half of them are kills.
            kind = rand() < 0.5 ? 1 : int(rand() * kinds) + 1
            print part[1], fault[kind], int(rand() * part[2]) + 1
        }
    }' > "$work/plan"
    while [ "$(date +%s)" -lt $end ] && read -r operation fault n; do
        try "$operation" "$fault" "$n"
    done < "$work/plan"
fi
echo "$tried faults"
