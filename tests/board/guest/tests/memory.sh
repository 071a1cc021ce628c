# memory.sh - a program that outgrows its limit is killed and said to be; with a larger limit it goes on.
ends_with 137 k run --rm -m 100m "$image" grow 1000
has "$output" "out of memory"
last=$(echo "$output" | sed -n 's/^ *\([0-9]*\) MB.*/\1/p' | tail -1)
near "$last" 70 100
ends_with 0 k run --rm -m 1g "$image" grow 300
has "$output" "300 MB"
# Without a word, no limit.
ends_with 0 k run --rm "$image" grow 200
# A limit seen from inside the container's cgroup directory, and memory.high by --cgroup-conf.
start run --rm -m 64m --memory-reservation 32m --cgroup-conf memory.high=48m "$image" sleep 5
# occupied: the containers' cgroups that hold a process ("self" is kist's own place).
occupied() {
    find $group -path '*/kist/*' ! -path '*/self/*' -name cgroup.procs -exec grep -l . {} \; | xargs -r -n 1 dirname
}
held() { [ -n "$(occupied)" ]; }
eventually 10 held
directory=$(occupied | head -1)
same "$(cat "$directory/memory.max" "$directory/memory.low" "$directory/memory.high" | tr '\n' ' ')" \
    "67108864 33554432 50331648 "
wait $runner
