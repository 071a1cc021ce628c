#!/bin/sh
# run-limits-refused.sh - a limit that cannot be applied is an error with its fix, never dropped.
. "$(dirname "$0")/box.sh"

# Here cgroup v2 has no memory controller, or nobody handed it to us; where it has, the boards test the limits.
controllers=$(cat "$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)/cgroup.controllers" 2>/dev/null || :)
check() {
    case " $controllers " in *" memory "*) [ "$mode" != root ] || return 0 ;; esac
    for limit in '-m 100m' '--memory-reservation 50m' '--cpus 0.5' '--cpu-shares 512' '--cpuset-cpus 0' \
        '--pids-limit 50' '--device-read-bps /dev/vda:1mb' '--cgroup-conf memory.high=10000000'; do
        status=0
        output=$(k run --rm $limit "$image" echo ran 2>&1) || status=$?
        # A controller may be there all the same: then the limit holds and the container runs.
        if [ $status = 0 ]; then
            same "$output" ran
            continue
        fi
        same $status 125
        lacks "$output" ran
        case "$output" in *'cgroup v1'* | *'no cgroup'*) continue ;; esac
        case $limit in
            -m* | --memory* | --cgroup*) has "$output" memory ;;
            --cpuset*) has "$output" cpuset ;;
            --cpu*) has "$output" cpu ;;
            --pids*) has "$output" pids ;;
            --device*) has "$output" io ;;
        esac
    done
    same "$(k ps -aq)" ''
    # What is unlimited needs nothing.
    for limit in '--pids-limit -1' '--memory-swap -1' '--cpu-quota -1'; do
        same "$(k run --rm $limit "$image" echo fine 2>/dev/null)" fine
    done
    # Without a limit it runs, cgroup or not.
    same "$(k run --rm "$image" echo fine 2>/dev/null)" fine
}
each_mode check
