#!/bin/sh
# run-namespaces.sh - a container sees its own processes, names and network, unless it is given the host's.
. "$(dirname "$0")/box.sh"

here() { readlink "/proc/self/ns/$1"; }
there() {
    kind=$1
    shift
    k run --rm "$@" "$image" readlink "/proc/self/ns/$kind"
}

check() {
    same "$(k run --rm "$image" sh -c 'echo $$')" 1
    same "$(k run --rm "$image" ps -o pid | wc -l)" 2
    for kind in pid ipc uts mnt cgroup net; do
        [ "$(there $kind)" != "$(here $kind)" ] || fail "the host's $kind namespace is seen"
    done
    same "$(there net --network host)" "$(here net)"
    [ "$(there net --network none)" != "$(here net)" ] || fail "--network none is the host's"
    same "$(k run --rm --network none "$image" sh -c 'ls /sys/class/net')" lo
    same "$(k run --rm --network none "$image" cat /sys/class/net/lo/operstate)" unknown
    case $mode in
        root) same "$(there user)" "$(here user)" ;;
        *) [ "$(there user)" != "$(here user)" ] || fail "no user namespace" ;;
    esac
    same "$(there pid --pid host)" "$(here pid)"
    has "$(k run --rm --pid host "$image" ps -o args)" "$name"
    same "$(there uts --uts host)" "$(here uts)"
    same "$(there ipc --ipc host)" "$(here ipc)"
    ends_with 125 k run --rm --pid nonsense "$image" true
    has "$output" nonsense
    same "$(k run --rm --sysctl kernel.shmmax=123456 "$image" cat /proc/sys/kernel/shmmax)" 123456
    ends_with 125 k run --rm --sysctl kernel.panic=1 "$image" true
    has "$output" kernel.panic
    # Links are there by then, and what kist sets does not win.
    settings='net.ipv4.conf.eth0.rp_filter=2 --sysctl net.ipv4.ip_unprivileged_port_start=99'
    # shellcheck disable=SC2086
    same "$(k run --rm --sysctl $settings "$image" sh -c 'cd /proc/sys/net/ipv4
        cat conf/eth0/rp_filter ip_unprivileged_port_start' | tr '\n' ' ')" "2 99 "
    # With --init, process 1 is kist's, and orphans are reaped.
    same "$(k run --rm --init "$image" sh -c '(sleep 0.1 &) ; sleep 0.5; ps -o stat | grep -c Z || :')" 0
    [ "$(k run --rm --init "$image" sh -c 'echo $$')" != 1 ] || fail "--init is not there"
}
each_mode check
