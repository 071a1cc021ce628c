#!/bin/sh
# ps.sh - `ps -a` with 10, 100 and 1,000 containers that were created, in kist and in podman.
#
# ROUNDS=N rounds (20 unless said).
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"
. "$tests/../bench/tools.sh"
need_root
rounds=${ROUNDS:-20}

image_serve
k pull -q "$image" > /dev/null
with_podman=
! podman_works || with_podman=yes

made=0
for count in 10 100 1000; do
    while [ $made -lt $count ]; do
        made=$((made + 1))
        k create "$image" true
        [ -z "$with_podman" ] || $podman create --cgroups disabled --network none "$image" true
    done > /dev/null
    same "$(k ps -aq | wc -l)" $count
    echo "== ps -a with $count containers, as root, $rounds rounds"
    {
        row kist "$kist ps -a"
        [ -z "$with_podman" ] || row podman "$podman ps -a"
    } | measure "$rounds"
done
