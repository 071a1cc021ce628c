#!/bin/sh
# killed-anywhere.sh - kist is killed, or refused, at any of its system calls: the next command repairs it.
#
# fixtures/fault_sweep.py says what is tried and what must hold afterwards.  A sample by default, of as many
# seconds as KIST_FAULT_SECONDS says; "all" tries everything, as an ordinary user too.  KIST_SEED repeats a
# sample; a fault is tried again by its name: KIST_FAULT=start/0.1/67/EIO (mode root, or KIST_MODES).
# timeout: 20000
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
. "$(dirname "$0")/modes.sh"
need_root
need nft
[ "$machine" = amd64 ] || skip "the tracer of faults knows amd64 only"
[ -e /usr/include/x86_64-linux-gnu/asm/unistd_64.h ] || skip "needs the kernel's headers"

registry_start http
push_image "$(fixture busybox)" box
image=$registry/box
seconds=${KIST_FAULT_SECONDS:-40}
seed=${KIST_SEED:-$(date +%s)}
echo "KIST_SEED=$seed"

# sweep ROOT STATE COMMAND...
sweep() {
    root=$1 volatile=$2
    shift 2
    operations=
    if [ -n "${KIST_FAULT:-}" ]; then
        set -- --only "$KIST_FAULT" -- "$@"
    elif [ "$seconds" = all ]; then
        # A pull does the same for every user.
        [ "$mode" = root ] || operations=--operations=create,run,start,stop,exec,rm
        set -- $operations -- "$@"
    else
        set -- --seconds "$seconds" --seed "$seed" -- "$@"
    fi
    $python "$fixtures/fault_sweep.py" --root "$root" --state "$volatile" --image "$image" "$@"
}

each_fault() {
    echo "mode $mode"
    k pull -q "$image" > /dev/null
    if [ "$mode" = root ]; then
        # What is made once, and stays.
        k network create ffnet > /dev/null
        k run --rm --network bridge --network ffnet "$image" true
        sweep "$KIST_ROOT" "$KIST_STATE" "$kist"
    else
        sweep "$work/$mode/home/.local/share/kist" "$state/$mode/kist" \
            "$fixtures/as_user.sh" "$work/$mode" "$mode" $user_id "$state/$mode" "$kist"
    fi
}
[ "$seconds" = all ] || KIST_MODES=${KIST_MODES:-root}
each_mode each_fault
