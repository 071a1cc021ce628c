#!/bin/sh
# logs-full-disk.sh - a full disk takes lines, but neither stops the container nor goes unnoticed.
if [ "$(id -u)" = 0 ] && [ -z "${KIST_OWN_MOUNTS:-}" ]; then
    export KIST_OWN_MOUNTS=1
    exec unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
need_root

registry_start http
push_image "$(fixture busybox)" box
mkdir "$KIST_ROOT" "$work/shared"
mount -t tmpfs -o size=16m small "$KIST_ROOT"
"$kist" pull -q "$registry/box" > /dev/null

# It prints 20000 lines on a full disk, and one when there is room again.
"$kist" run -d --name web -v "$work/shared:/shared" "$registry/box" sh -c '
    seq 100; touch /shared/begun
    while [ ! -e /shared/full ]; do sleep 0.1; done
    seq 101 20100; touch /shared/done
    while [ ! -e /shared/free ]; do sleep 0.1; done
    echo at last' > /dev/null
eventually 10 test -e "$work/shared/begun"
eventually 10 sh -c "'$kist' logs web | grep -q '^100\$'"
dd if=/dev/zero of="$KIST_ROOT/filler" bs=4k 2> /dev/null || :
touch "$work/shared/full"
eventually 20 test -e "$work/shared/done"
log=$("$kist" inspect --format '{{.LogPath}}' web)
sleep 0.5  # what is in the pipe yet
tail -c 1 "$log" | od -c | grep -q '\\n' || fail "a torn line at the end"
size=$(stat -c %s "$log")
sleep 0.5
same "$(stat -c %s "$log")" "$size"
rm "$KIST_ROOT/filler"
touch "$work/shared/free"
same "$("$kist" wait web)" 0

"$kist" logs web > "$work/out" 2> "$work/err"
kept=$(($(wc -l < "$work/out") - 1))
[ $kept -ge 100 ] && [ $kept -lt 20100 ] || fail "kept $kept lines"
head -n $kept "$work/out" | cmp - "$(seq $kept > "$work/wanted"; echo "$work/wanted")"
same "$(tail -n 1 "$work/out")" "at last"
same "$(cat "$work/err")" "kist: $((20100 - kept)) lines were dropped here: No space left on device"
grep -q "\"dropped\":$((20100 - kept))}" "$log" || fail "no member that says how many"
"$kist" rm web > /dev/null
umount "$KIST_ROOT"
