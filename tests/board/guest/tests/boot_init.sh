# boot_init.sh - with an init: a login service in pi's cgroup, and a guard that mends and is mended.
touch /run/login.go
eventually 60 test -e /run/login.done
cat /run/login.out
has "$(cat /run/login.out)" "0::/user-1000/login"
has "$(cat /run/login.out)" "a limit works"
has "$(cat /run/login.out)" "exec works"

# The process that keeps a container is its first process' parent.
monitor() { awk '/^PPid/ { print $2 }' "/proc/$($kist inspect --format '{{.State.Pid}}' "$1")/status"; }
began() { $kist logs "$1" | wc -l; }
lines=$(began base)
kill -9 "$(monitor base)"
restarted() { [ "$(began base)" -gt "$lines" ]; }
eventually 20 restarted

# A guard that is killed is started again by init, and does not start what was stopped since.
guards() {
    for process in $(pidof kist); do
        tr '\0' ' ' < "/proc/$process/cmdline" | grep -q "boot --stay --timeout 20 $" && echo "$process"
    done
}
guard=$(guards | sort -n | head -1)  # without its workers
$kist stop -t 1 base || fail "stop base"
kill -9 "$guard"
back() { [ -n "$(guards)" ] && ! guards | grep -qx "$guard"; }
eventually 20 back
sleep 2
lacks "$($kist ps --format '{{.Names}}')" base
$kist start base || fail "start base"
