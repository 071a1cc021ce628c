# scope.sh - in a login session nothing is delegated to the user: limits work all the same, in a scope of the user's
# systemd, and the container outlives the session.
. /data/board/session.sh

if [ "$who" = root ]; then
    # Root's are beside what systemd manages, and systemd leaves them alone.
    id=$(k run -d --name limited -m 64m --cpus 0.5 "$image" sleep 4000)
    systemctl daemon-reload
    systemd-run --quiet --wait -p CPUQuota=50% -p MemoryMax=64M true
    same "$(cat /sys/fs/cgroup/kist/$id/memory.max /sys/fs/cgroup/kist/$id/cpu.max | tr '\n' ' ')" \
        "67108864 50000 100000 "
    k rm -f limited > /dev/null
    exit 0
fi

has "$(in_mode cat /proc/self/cgroup)" session-
output=$(k check || :)
echo "$output" | grep -Eq "^ok +cgroup v2 .*limited containers get a scope" || fail "$output"
echo "$output" | grep -Eq "^ok +memory controller .*--memory can be used" || fail "$output"
id=$(k run -d --name limited -m 64m --pids-limit 50 "$image" sleep 4000)
directory=$(find /sys/fs/cgroup/user.slice -type d -name "$id")
has "$directory" "/user@1000.service/app.slice/kist-$(echo "$id" | cut -c1-12).scope/kist/"
same "$(cat "$directory/memory.max" "$directory/pids.max" | tr '\n' ' ')" "67108864 50 "
# Another session can do everything with it.
k pause limited
same "$(k ps --format '{{.Status}}' | grep -c Paused)" 1
k unpause limited
k exec limited sleep 4321 &
inside() { [ "$(wc -l < "$directory/cgroup.procs")" = 2 ]; }
eventually 10 inside
k stop -t 0 limited > /dev/null
wait
gone() { [ ! -e "${directory%/kist/*}" ]; }
eventually 10 gone
# The name is free again.
k start limited > /dev/null
directory=$(find /sys/fs/cgroup/user.slice -type d -name "$id")
same "$(cat "$directory/memory.max")" 67108864
k rm -f limited > /dev/null

ends_with 137 k run --rm -m 100m "$image" grow 1000
last=$(echo "$output" | sed -n 's/^ *\([0-9]*\) MB.*/\1/p' | tail -1)
near "$last" 70 100
# What the user's systemd does not have is refused, with the way to get it.
ends_with 125 k run --rm --cpuset-cpus 0 "$image" true
has "$output" "user@.service"
# Nobody is asked without need.
k run -d --name free "$image" sleep 4000 > /dev/null
same "$(in_mode systemctl --user list-units --no-legend 'kist-*.scope')" ''
k rm -f free > /dev/null

# What the scope costs: the same in one session, from the start of kist to its end.
in_mode sh -c 'for options in "" "-m 64m"; do
        start=$(cut -d " " -f 1 /proc/uptime)
        for round in 1 2 3 4 5; do
            "$0" run --rm $options "$1" true
        done
        awk -v start="$start" -v options="$options" \
            "{printf \"# run %s: %d ms each\\n\", options, (\$1 - start) * 200}" /proc/uptime
    done' $kist "$image"
