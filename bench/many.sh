#!/bin/sh
# many.sh - many containers that stay: the start of 100 in sequence and of 50 at once, and what the monitors
# of 50 take.  kist and podman run an image in the background; crun has a bundle prepared, and no monitor.
#
# ROUNDS=N rounds (5 unless said).
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"
. "$tests/../bench/tools.sh"
need_root
need crun
rounds=${ROUNDS:-5}

image_serve
k pull -q "$image" > /dev/null
bundle "$state/bundle" /bin/sleep 1000
mkdir -p "$state/crun"
clean_script
with_podman=
! podman_works || with_podman=yes

# in_sequence COUNT COMMAND, at_once COUNT COMMAND: a script that fails if one of the COMMANDs fails; they
# have a number, $n.
in_sequence() {
    cat <<SCRIPT
exec > /dev/null 2> $work/said < /dev/null
n=0
while [ \$n -lt $1 ]; do
    n=\$((n + 1))
    $2 || exit 1
done
SCRIPT
}
at_once() {
    cat <<SCRIPT
exec > /dev/null 2> $work/said < /dev/null
n=0 started=
while [ \$n -lt $1 ]; do
    n=\$((n + 1))
    $2 &
    started="\$started \$!"
done
for process in \$started; do wait \$process || exit 1; done
SCRIPT
}

# rows HOW COUNT
rows() {
    "$1" "$2" "$crun run --detach --bundle $state/bundle bench\$n" > "$work/$1-crun"
    "$1" "$2" "$kist_run --detach $image sleep 1000" > "$work/$1-kist"
    "$1" "$2" "$podman_run --detach $image sleep 1000" > "$work/$1-podman"
    row crun "sh $work/$1-crun" "sh $bench_clean"
    row kist "sh $work/$1-kist" "sh $bench_clean"
    [ -z "$with_podman" ] || row podman "sh $work/$1-podman" "sh $bench_clean"
}

# compare HOW COUNT
compare() {
    rows "$1" "$2" | measure "$rounds" || fail "$(cat "$work/said")"
    sh "$bench_clean"
}

echo "== start of 100 containers in sequence, as root, $rounds rounds"
compare in_sequence 100
echo "== start of 50 containers at once, as root, $rounds rounds"
compare at_once 50

# A monitor is the parent of its container's first process: monitors TOOL prints their numbers.
monitors() {
    for process in $("$@" inspect --format '{{.State.Pid}}' $("$@" ps -q)); do
        sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status"
    done
}

# memory NAME TOOL...: a line "NAME kilobytes..." of the monitors; PSS counts what is shared in parts.
memory() {
    what=$1
    shift
    for process in $(monitors "$@"); do
        sed -n "s/^Pss:/$what/p" "/proc/$process/smaps_rollup"
    done
}

echo "== memory (PSS) of each monitor, 50 containers running, as root, 3 rounds"
for round in 1 2 3; do
    sh "$work/at_once-kist"
    memory kist "$kist"
    [ -z "$with_podman" ] || {
        sh "$work/at_once-podman"
        memory "podman's conmon" $podman
    }
    sh "$bench_clean"
done > "$work/memory"
awk '{ kilobytes = $(NF - 1); sub(/ *[0-9]+ kB$/, "")
       if (!count[$0]++) names[++number] = $0
       sum[$0] += kilobytes
       if (kilobytes > most[$0]) most[$0] = kilobytes }
     END { printf "%-28s%11s%9s%10s%9s\n", "", "mean KB", "ratio", "most KB", "counted"
           base = sum["kist"] / count["kist"]
           for (i = 1; i <= number; i++) {
               name = names[i]
               mean = sum[name] / count[name]
               printf "%-28s%11.1f%9.2f%10d%9d\n", name, mean, mean / base, most[name], count[name]
           } }' "$work/memory"
