#!/bin/sh
# pull-platforms.sh - an index gives the image of this machine, or of the platform that was asked for.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture multi)" multi
push_image "$(fixture foreign)" foreign

# platform [ARGUMENT...]: what the pulled image says it is, read without running it.
platform() {
    "$kist" pull -q "$@" "$registry/multi" > /dev/null
    same "$("$kist" images -q | wc -l)" 1
    cat "$KIST_ROOT"/layers/*/tree/platform
    "$kist" rmi -f "$registry/multi" > /dev/null
}

case $machine in
    amd64) same "$(platform)" amd64 ;;
    arm64) same "$(platform)" arm64/v8 ;;
esac
for wanted in amd64 arm64/v8 arm/v5 arm/v6 arm/v7 386 riscv64; do
    same "$(platform --platform "linux/$wanted")" "$wanted"
done
same "$(platform --platform linux/arm64)" arm64/v8
same "$(platform --platform linux/arm)" arm/v7
same "$(platform --platform linux/arm/v8)" arm/v7  # the best that such a machine can run

ends_with 1 "$kist" pull "$registry/foreign"
has "$output" s390x
has "$output" ppc64le
has "$output" "linux/$machine"
ends_with 1 "$kist" pull --platform linux/mips64le "$registry/multi"
has "$output" linux/mips64le
has "$output" linux/riscv64
lacks "$output" unknown/unknown
same "$(left_behind)" ''
