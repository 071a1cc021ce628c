#!/bin/bash
# boot.sh [OPTION...] BOARD - boots one board in QEMU, waits for its end, and brings /data/results out.
#
#   --data DIR       what is in /data when the board starts (DIR/board/main is run as root)
#   --image FILE     or: a ready disk image for /data, which is changed
#   --results DIR    where /data/results goes, with console.log beside it
#   --type TYPE      root disk: ext4 (default, changes are forgotten) or squashfs (read-only)
#   --append WORDS   more words for the kernel's command line
#   --timeout S      seconds until the board is given up (default 240)
#   --writes FILE    log every write to /data in FILE, in the order in which the disk saw them
#   --cut S          kill the machine S seconds after it said @@CUT, as a power cut
#
# Ends with the board's own status; 124 when it never said one (a crash, or QEMU hung).  The machine is
# always emulated: a test must not depend on /dev/kvm.  Only one machine runs at a time, by a lock.

set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
data='' image='' results='' type=ext4 append='' limit=240 writes='' cut=''
while [ $# -gt 1 ]; do
    case $1 in
        --data) data=$2 ;;
        --image) image=$2 ;;
        --results) results=$2 ;;
        --type) type=$2 ;;
        --append) append=$2 ;;
        --timeout) limit=$2 ;;
        --writes) writes=$2 ;;
        --cut) cut=$2 ;;
        *) echo "boot.sh: unknown option $1" >&2; exit 2 ;;
    esac
    shift 2
done
board=${1:?usage: boot.sh [OPTION...] amd64|arm64|raspi3b|systemd}
out=${KIST_BOARDS:-$here/../build/board}/$board
"$here/build.sh" "$board" "$out"

work=$(mktemp -d "${TMPDIR:-/tmp}/kist-board.XXXXXX")
qemu=
trap '[ -z "$qemu" ] || kill -9 "$qemu" 2>/dev/null || :; rm -rf "$work"' EXIT

# make_disk FILE DIRECTORY: an ext4 disk with the directory's files (an SD card must be a power of two).
make_disk() {
    truncate -s "${KIST_BOARD_DISK:-1G}" "$1"
    mke2fs -q -t ext4 -m 0 -E lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0 -d "$2" "$1"
}

# A disk that is thrown away needs no flushes; one whose writes are logged gets them all.
cache=cache.no-flush=on
if [ "$board" = raspi3b ]; then
    image=$work/root.img
    cp -a "$out/root" "$work/root"
    mkdir -p "$work/root/data"
    cp -a "$data/." "$work/root/data/"
    make_disk "$image" "$work/root"
    rm -rf "$work/root"
elif [ -z "$image" ]; then
    image=$work/data.img
    make_disk "$image" "$data"
fi
disk="driver=raw,file.driver=file,file.filename=$image,$cache"
if [ -n "$writes" ]; then
    truncate -s 0 "$writes"
    truncate -s 2G "$writes"
    disk="driver=blklogwrites,file.driver=file,file.filename=$image"
    disk="$disk,log.driver=file,log.filename=$writes,log-super-update-interval=1"
fi

root=$out/root.img
[ "$type" = ext4 ] || root=$out/root.$type
common=(-accel tcg,thread=multi -nodefaults -display none -monitor none -no-reboot
    -kernel "$out/vmlinuz" -initrd "$out/initrd.cpio" -serial "file:$work/console.log")
words="panic=-1 quiet board.type=$type $append"
virtio=(-smp 2 -m 1024
    -drive "if=none,id=root,format=raw,file=$root,snapshot=on" -device virtio-blk-pci,drive=root
    -blockdev "node-name=data,$disk" -device virtio-blk-pci,drive=data
    -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci)
case $board in
    amd64 | systemd) command=(qemu-system-x86_64 -M q35 -cpu max "${common[@]}" "${virtio[@]}"
        -append "console=ttyS0 $words") ;;
    arm64) command=(qemu-system-aarch64 -M virt -cpu cortex-a72 "${common[@]}" "${virtio[@]}"
        -append "console=ttyAMA0 $words") ;;
    raspi3b) command=(qemu-system-aarch64 -M raspi3b -dtb "$out/board.dtb" "${common[@]}"
        -drive "file=$image,if=sd,format=raw,cache=unsafe"
        -netdev user,id=net -device usb-net,netdev=net
        -append "console=ttyAMA0,115200 board.disk=/dev/mmcblk0 $words") ;;
esac

exec 8> "${TMPDIR:-/tmp}/kist-board.lock"
flock 8
touch "$work/console.log"
"${command[@]}" < /dev/null > "$work/qemu.log" 2>&1 8>&- &
qemu=$!

# said WORD: has the board said WORD on its serial line?
said() { grep -q "^@@$1" "$work/console.log"; }
started=$SECONDS
while kill -0 "$qemu" 2>/dev/null && [ $((SECONDS - started)) -lt "$limit" ]; do
    if [ -n "$cut" ] && said CUT; then
        sleep "$cut"
        break
    fi
    sleep 0.05
done
kill -9 "$qemu" 2>/dev/null || :
wait "$qemu" 2>/dev/null || :
qemu=
flock -u 8

if [ -n "$results" ]; then
    mkdir -p "$results"
    tr -d '\r' < "$work/console.log" > "$results/console.log"
    [ -s "$work/qemu.log" ] && cp "$work/qemu.log" "$results/qemu.log"
    if [ -z "$cut" ]; then
        from=/results
        [ "$board" = raspi3b ] && from=/data/results
        e2fsck -fp "$image" > "$results/fsck.log" 2>&1 || :
        debugfs -R "rdump $from $work" "$image" > "$work/debugfs.log" 2>&1 || :
        [ ! -d "$work/results" ] || cp -r "$work/results/." "$results/"
    fi
fi
status=$(tr -d '\r' < "$work/console.log" | sed -n 's/^@@EXIT \([0-9]*\).*/\1/p' | tail -1)
exit "${status:-124}"
