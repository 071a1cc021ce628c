# idle.sh - five containers with health checks write nothing to the disk while nothing happens.
for word in $(cat /proc/cmdline); do
    case $word in board.idle=*) seconds=${word#*=} ;; esac
done
for number in 1 2; do
    $kist run -d --name "idle$number" --health-cmd true --health-interval 5s "$image" sleep 100000 || fail "run"
done
healthy() { [ "$($kist ps --filter health=healthy -q | wc -l)" = 5 ]; }
eventually 60 healthy
written() { awk '{ print $7 }' /sys/block/vdb/stat; }
# What was written until now reaches the disk now, and ext4's journal after it.
sync
sleep 12
sync
before=$(written)
sleep "$seconds"
after=$(written)
echo "@@ idle with 5 health-checked containers for $seconds s: $((after - before)) sectors written" |
    tee -a /data/results/figures
same "$($kist ps --filter health=healthy -q | wc -l)" 5
same $((after - before)) 0
