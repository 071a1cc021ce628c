#!/bin/bash
# build.sh BOARD [OUT] - makes the kernel, initramfs and root disks of BOARD: amd64, arm64, raspi3b, or systemd
# (amd64 with a Debian root, which is made by debian.sh).
#
# OUT (default build/board/BOARD) gets vmlinuz, initrd.cpio, root.img (ext4), root.squashfs and, for the
# Raspberry Pi, its device tree.  All of it is from Debian packages and board/root; nothing is installed
# and nothing is mounted.  Owners in the disks are those of the files, so this wants to run as root.

set -euo pipefail
export LC_ALL=C
board=${1:?usage: build.sh amd64|arm64|raspi3b|systemd [OUT]}
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${2:-$here/../build/board/$board}")

userland="busybox-static uidmap libc6 libaudit1 libcap-ng0 libselinux1 libpcre2-8-0 libsubid4"
debian="systemd-sysv dbus-user-session libpam-systemd kmod uidmap busybox-static iproute2"
first="virtio_pci virtio_mmio virtio_blk crc32c_generic ext4 squashfs"
second="virtio_net virtio_rng overlay tun fuse loop"
# Not loaded by the board: the kernel asks for them when a user's first container comes.
networks="bridge veth nf_tables nft_ct nft_nat nft_masq nft_chain_nat nft_fib_inet nft_tproxy"
case $board in
    amd64 | systemd) arch=amd64 kernel=linux-image-cloud-amd64= ;;
    arm64) arch=arm64 kernel=linux-image-cloud-arm64= ;;
    raspi3b)
        arch=arm64 kernel=linux-image-arm64=
        first="bcm2835 sdhci-iproc mmc_block bcm2835_wdt crc32c_generic ext4"
        # Without the watchdog's driver the board cannot reboot; phy-generic must come before dwc2.
        second="overlay loop phy-generic dwc2 cdc_ether usbnet rndis_host bcm2835-rng" ;;
    *) echo "build.sh: unknown board $board" >&2; exit 2 ;;
esac

key=$({ cd "$here"
        find root debian systemd busybox build.sh packages.sh debian.sh -type f -print0 | sort -z | xargs -0 sha256sum
        echo "$board $kernel $userland $debian"; } | sha256sum | cut -c1-16)
[ "$(cat "$out/key" 2>/dev/null)" = "$key" ] && exit 0
# shellcheck disable=SC2086  # the lists are split on purpose
packages=$("$here/packages.sh" $arch $kernel $userland)
version=$(ls "$packages/lib/modules")
rm -rf "$out"
mkdir -p "$out"

[ -e "$packages/lib/modules/$version/modules.dep" ] || depmod -b "$packages" "$version"

# copy_modules TREE MODULE...: the modules and all that they need, by modprobe's own reckoning.
copy_modules() {
    local tree=$1 modules=$packages/lib/modules/$version
    shift
    mkdir -p "$tree/lib/modules/$version"
    for module in "$@"; do
        modprobe -d "$packages" -S "$version" --show-depends "$module" 2>/dev/null |
            sed -n "s|^insmod $packages/\([^ ]*\).*|\1|p" || true
    done | sort -u | (cd "$packages" && cpio -pdm --quiet "$tree")
    cp "$modules"/modules.{order,builtin,builtin.modinfo} "$tree/lib/modules/$version/"
    depmod -b "$tree" "$version"
}

# busybox_root: the root of an appliance, with busybox for all its programs.
busybox_root() {
    mkdir -p "$tree"/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,run,data,root,home/pi,var/lib}
    mkdir -m 1777 "$tree/tmp"
    cp "$packages/bin/busybox" "$tree/bin/"
    # The machine that builds cannot run arm64's busybox; the applets are the same in both.
    for applet in $(/bin/busybox --list); do
        [ "$applet" = busybox ] || ln -sf /bin/busybox "$tree/bin/$applet"
    done
    ln -sf /bin/busybox "$tree/sbin/modprobe"
    ln -sf /bin/busybox "$tree/sbin/init"
    for directory in lib lib64 usr/lib; do
        [ -d "$packages/$directory" ] || continue
        (cd "$packages" && find "$directory" \( -name '*.so' -o -name '*.so.*' \) \
            ! -path '*/gconv/*' ! -path '*/audit/*' | cpio -pdm --quiet "$tree")
    done
    # shellcheck disable=SC2086
    copy_modules "$tree" $first $second $networks
    cp "$packages"/usr/bin/new?idmap "$tree/usr/bin/"
    cp -r "$here"/root/etc/. "$tree/etc/"
    cp "$here/root/sbin/board" "$tree/sbin/"
    mkdir "$tree/etc/init.d"
    cp "$here/busybox/kist" "$tree/etc/init.d/"
    ln -s /data/board/kist "$tree/usr/sbin/kist"
    echo "$second" > "$tree/etc/board.modules"
    if [ "$(id -u)" = 0 ]; then
        chown -R 0:0 "$tree"
        chown 1000:1000 "$tree/home/pi"
    fi
    chmod 4755 "$tree"/usr/bin/new?idmap
}

# debian_root: the root of a machine with systemd; for uid 1000 nothing is delegated beforehand.
debian_root() {
    local unit
    # shellcheck disable=SC2086
    tar -C "$tree" -xf "$("$here/debian.sh" $debian)"
    mkdir -p "$tree/data"
    # shellcheck disable=SC2086
    copy_modules "$tree" $first $second $networks
    cp -r "$here"/debian/etc/. "$tree/etc/"
    cp "$here"/debian/sbin/* "$tree/sbin/"
    echo "$second" > "$tree/etc/board.modules"
    echo board > "$tree/etc/hostname"
    sed -n 's|^pi:.*|pi:x:1000:1000::/data/home:/bin/sh|p' "$here/root/etc/passwd" >> "$tree/etc/passwd"
    sed -n '/^pi:/p' "$here/root/etc/group" >> "$tree/etc/group"
    echo 'pi:*:20000:0:99999:7:::' >> "$tree/etc/shadow"
    cp "$here"/root/etc/sub?id "$tree/etc/"
    mkdir -p "$tree/var/lib/systemd/linger" "$tree/etc/systemd/user"
    touch "$tree/var/lib/systemd/linger/pi"
    cp "$here/systemd/system/kist.service" "$tree/etc/systemd/system/"
    cp "$here/systemd/user/kist.service" "$tree/etc/systemd/user/"
    ln -s /data/board/kist "$tree/usr/local/bin/kist"
    ln -s /bin/busybox "$tree/usr/bin/usleep"
    ln -s /lib/systemd/systemd "$tree/sbin/board"
    while read -r unit; do
        ln -sf /dev/null "$tree/etc/systemd/system/$unit"
    done < "$here/debian/masked"
    for unit in sysinit/board-prepare graphical/board multi-user/kist; do
        mkdir -p "$tree/etc/systemd/system/${unit%/*}.target.wants"
        ln -s "../${unit#*/}.service" "$tree/etc/systemd/system/${unit%/*}.target.wants/"
    done
}

initramfs=$(mktemp -d)
tree=$(mktemp -d)
chmod 755 "$initramfs" "$tree"
trap 'rm -rf "$initramfs" "$tree"' EXIT

mkdir -p "$initramfs"/{bin,proc,sys,dev,newroot}
cp "$packages/bin/busybox" "$initramfs/bin/"
cp "$here/root/init" "$initramfs/init"
echo "$first" > "$initramfs/modules"
# shellcheck disable=SC2086
copy_modules "$initramfs" $first
(cd "$initramfs" && find . | sort | cpio -o -H newc --quiet -R 0:0) > "$out/initrd.cpio"

if [ "$board" = systemd ]; then debian_root; else busybox_root; fi

cp "$packages/boot/vmlinuz-$version" "$out/vmlinuz"
if [ "$board" = raspi3b ]; then
    cp "$packages/usr/lib/linux-image-$version/broadcom/bcm2837-rpi-3-b.dtb" "$out/board.dtb"
elif [ "$board" != systemd ]; then
    printf 'root = /data/kist-%%U\nstate = /run/kist-%%U\n' > "$tree/etc/kist.conf"
    mksquashfs "$tree" "$out/root.squashfs" -quiet -no-progress -comp gzip
    rm "$tree/etc/kist.conf"
fi
[ "$board" != raspi3b ] || cp -a "$tree" "$out/root"  # boot.sh adds the data: it has one disk
size=160M
[ "$board" != systemd ] || size=320M
truncate -s $size "$out/root.img"
mke2fs -q -t ext4 -m 0 -E lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0 \
    -d "$tree" "$out/root.img"
echo "$key" > "$out/key"
