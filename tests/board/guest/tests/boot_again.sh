# boot_again.sh - the next boot: what should run does, nothing else, and it was started in order.
names() { $kist ps --format '{{.Names}}' | sort | tr '\n' ' '; }
all_run() { [ "$(names)" = "base web worker " ]; }
pis_runs() { [ "$(as_pi $kist ps --format '{{.Names}}')" = pis ]; }
eventually 60 all_run
eventually 60 pis_runs
sleep 1
same "$(names)" "base web worker "

# Hundredths of a second since the kernel began, as a container's first process read them.
began() { $kist logs "$1" | tail -1 | awk '{ print int($1 * 100 + 0.5) }'; }
[ "$(began base)" -le "$(began web)" ] || fail "web started before base, which it requires"

# pi's ids and limits are there without newuidmap, too.
has "$(as_pi $kist info)" "subuid 1000:1,100000:65536"
same "$(wc -l < "/proc/$(as_pi $kist inspect --format '{{.State.Pid}}' pis)/uid_map")" 2
same "$(cat /sys/fs/cgroup/user-1000/kist/*/memory.max)" $((48 << 20))
[ -d /data/kist-1000/layers ] || fail "pi's store is not in /data/kist-1000"
same "$(stat -c %u /run/kist-1000)" 1000

handover=$(awk '{ print int($1 * 100 + 0.5) }' /dev/.handover)
first=$(began base)
# When kist began: the oldest of its processes, which is the guard, or what the board noted.
for process in $(pidof kist); do
    ticks=$(sed 's/.*) //' "/proc/$process/stat" 2>/dev/null | cut -d ' ' -f 20)
    [ -n "$ticks" ] || continue
    [ -z "${guard:-}" ] || [ "$ticks" -lt "$guard" ] && guard=$ticks
done
[ ! -e /run/board.boot ] || guard=$(awk '{ print int($1 * 100 + 0.5) }' /run/board.boot)
echo "@@ from the kernel's hand-over to the first container's process: $(((first - handover) * 10)) ms," \
    "kist's share: $(((first - guard) * 10)) ms" | tee -a /data/results/figures
