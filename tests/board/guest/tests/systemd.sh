# systemd.sh - containers from boot on by kist.service, the system's or the user's, which survive the death of the
# guard, are looked after by it, and end in reverse order.
. /data/board/session.sh

running() { [ "$(k ps --filter status=running --format '{{.Names}}' | sort | tr '\n' ' ')" = "base top " ]; }
field() { k inspect --format "{{.$2}}" "$1"; }
guard() { manager show -p MainPID --value kist; }

eventually 60 running
same "$(manager is-active kist)" active
case $who in root) scope=system ;; *) scope=user ;; esac
same "$(systemd-analyze --$scope verify /etc/systemd/$scope/kist.service 2>&1 | grep kist)" ''
[ "$who" != root ] || awk '{print "# all containers run " $1 " s after the kernel began"}' /proc/uptime
# In order, and with its limit.
printf '%s\n%s\n' "$(field base State.StartedAt)" "$(field top State.StartedAt)" | sort -c ||
    fail "base started after what requires it"
same "$(find $group -name memory.max -path "*$(field top Id)*" | head -1 | xargs cat)" 67108864

# The guard is killed: systemd starts it again, and the containers notice nothing.
first=$(guard) pid=$(field top State.Pid)
kill -9 "$first"
another() { [ "$(guard)" != "$first" ] && [ "$(guard)" != 0 ] && [ "$(manager is-active kist)" = active ]; }
eventually 20 another
running || fail "a container ended with the guard"
same "$(field top State.Pid)" "$pid"

# A monitor is killed: the guard starts its container again.
again() { running && [ "$(field top State.Pid)" != "$pid" ]; }
kill -9 "$(awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")"
eventually 20 again

manager stop kist
same "$(k ps -q)" ''
printf '%s\n%s\n' "$(field top State.FinishedAt)" "$(field base State.FinishedAt)" | sort -c ||
    fail "base ended before what requires it"
manager start kist
eventually 20 running
k stop -t 0 top base > /dev/null
