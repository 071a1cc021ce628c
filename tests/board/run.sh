#!/bin/bash
# run.sh [BOARD...] - the tests on QEMU boards, as TAP.
#
# Every row of the table below is a board: how it boots, the users that run kist on it, and the tests of
# guest/tests that they run.  "powercut" is in powercut.sh, and the boards that kist boots are in
# bootcycle.sh.
# A board that ends without a word is started once more, which is counted and said.
# What each board said is in build/board/results/.  KIST_BOARD_TESTS=run,killed runs other tests than the table's.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
KIST_APART=no  # what the boards are made of is downloaded, and no container runs here
. "$here/../integration/common.sh"
. "$here/../integration/registry.sh"
need qemu-system-x86_64 qemu-system-aarch64 mke2fs debugfs cpio modprobe mksquashfs clang-19

# "networks" is the first, to whom the kernel's modules are new.
single=networks,run,memory,pids,freeze,devices,hotplug,killed,clean
every=$single,cpu,io
#     name          machine  boot options                          users    tests
table="
      amd64         amd64    --timeout=400                         root,pi  $every
      amd64-single  amd64    --append=board.uidmap=no              pi       $single
      arm64         arm64    --timeout=400                         pi,root  $every
      arm64-single  arm64    --append=board.uidmap=no              pi       networks,run,memory,clean
      raspi3b       raspi3b  --timeout=240                         root,pi  run,memory,devices,clean
      memoryless    arm64    --append=cgroup_disable=memory        root,pi  memoryless
      clock         arm64    --append=board.clock=60               root,pi  clock
      readonly      amd64    --type=squashfs                       root     readonly
      overlayless   amd64    --timeout=240                         root,pi  overlayless
      systemd       systemd  --timeout=400                         root,pi  systemd,scope
"
. "$here/bootcycle.sh"
boards=${*:-$(echo "$table$cycles" | awk 'NF {print $1}') powercut}
results=${KIST_BOARD_RESULTS:-$tests/../build/board/results}
retries=0

program() { realpath -m "${KIST_BUILD:-$tests/../build}/$1/kist"; }

# The architectures' images have the same names but for the last word.
push_images() {
    local arch target packages
    for arch in amd64 arm64; do
        case $arch in amd64) target=x86_64 ;; arm64) target=aarch64 ;; esac
        clang-19 --target=$target-linux-gnu -O1 -nostdlib -static -ffreestanding \
            -fno-stack-protector -fuse-ld=lld -o "$work/grow" "$here/grow.c"
        packages=$("$tests/../board/packages.sh" $arch busybox-static)
        for recipe in busybox small big; do
            python3 "$fixtures/make_image.py" $recipe "$work/$recipe-$arch" --arch $arch \
                --busybox "$packages/bin/busybox" --add "grow=$work/grow"
            push_image "$work/$recipe-$arch" "$recipe-$arch"
        done
    done
    push_image "$(fixture multi)" multi
}

# make_data DIRECTORY ARCH USERS TESTS: what is in the board's /data.
make_data() {
    rm -rf "$1"
    mkdir -p "$1"/{board,results,pi}
    chmod 777 "$1/results"
    [ "$(id -u)" != 0 ] || chown 1000:1000 "$1/pi"
    cp -r "$here"/guest/. "$1/board/"
    cp "$(program "$2")" "$1/board/kist"
    cp "$ca" "$1/board/ca.crt"
    cat > "$1/board/settings" <<CONF
registry=10.0.2.2:$registry_port
image=10.0.2.2:$registry_port/busybox-$2
users='${3//,/ }'
tests='${4//,/ }'
CONF
}

# boot NAME MACHINE OPTION: runs one board and passes its results on.
boot() {
    local status=0 option=${3%%=*} value=${3#*=}
    for attempt in 1 2; do
        rm -rf "${results:?}/$1"
        status=0
        "$tests/../board/boot.sh" --data "$work/data" --results "$results/$1" "$option" "$value" "$2" || status=$?
        [ $status = 124 ] || break
        if [ $attempt = 1 ]; then
            echo "# $1: ended without a word, and is started once more"
            retries=$((retries + 1))
            cp "$results/$1/console.log" "$results/$1-first-console.log"
        fi
    done
    [ ! -e "$results/$1/tap" ] || sed "s/^\(not ok\|ok\) - /\1 - $1 /" "$results/$1/tap"
    if [ $status = 124 ]; then
        echo "not ok - $1 boots and ends"
        tail -5 "$results/$1/console.log" | sed 's/^/# /'
    fi
}

registry_start tls
push_images
mkdir -p "$results"
for board in $boards; do
    if [ "$board" = powercut ]; then
        . "$here/powercut.sh"
        continue
    fi
    if echo "$cycles" | grep -q "^ *$board "; then
        cycle "$board"
        continue
    fi
    row=$(echo "$table" | awk -v name="$board" '$1 == name')
    [ -n "$row" ] || { echo "run.sh: no board $board" >&2; exit 2; }
    read -r _ machine_name option users list <<< "$row"
    case $machine_name in systemd) arch=amd64 ;; *) arch=${machine_name/raspi3b/arm64} ;; esac
    [ -x "$(program "$arch")" ] || { echo "not ok - $board has a program"; continue; }
    make_data "$work/data" "$arch" "$users" "${KIST_BOARD_TESTS:-$list}"
    boot "$board" "$machine_name" "$option"
done
echo "# boards started again: $retries"
