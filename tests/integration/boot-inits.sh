#!/bin/sh
# boot-inits.sh - the files of board/ for OpenRC, runit and s6, each run by Debian's own package, in a root of its own.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
need_root
need unshare pivot_root

packages=$(downloads "$tests/../board/packages.sh" amd64 busybox-static openrc librc1 libeinfo1 libpam0g libaudit1 \
    libcap-ng0 libselinux1 libpcre2-8-0 libc6 runit s6 libs6-2.11 libskarnet2.13 libexecline2.9) ||
    skip "no Debian packages"
registry_start http
push_image "$(fixture busybox)" box

tree=$work/tree
cp -a "$packages" "$tree"
mkdir -p "$tree/proc" "$tree/sys" "$tree/dev" "$tree/run" "$tree/tmp" "$tree/root" "$tree/etc/init.d" "$tree/etc/conf.d"
rm -f "$tree"/etc/init.d/*
for applet in $(busybox --list); do
    [ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
done
printf 'root:x:0:0::/root:/bin/sh\n' > "$tree/etc/passwd"
printf 'root:x:0:\n' > "$tree/etc/group"
printf '127.0.0.1 localhost\n' > "$tree/etc/hosts"
cp "$kist" "$tree/usr/sbin/kist"
cp "$tests/../board/openrc/kist" "$tree/etc/init.d/kist"
printf 'kist_timeout=10\n' > "$tree/etc/conf.d/kist"
# There are no file systems to mount here.
printf '#!/sbin/openrc-run\nstart() { :; }\n' > "$tree/etc/init.d/localmount"
chmod +x "$tree/etc/init.d/localmount"
mkdir -p "$tree/var"
ln -sfn /run "$tree/var/run"
touch "$tree/etc/insserv.conf"
mkdir "$tree/sv" "$tree/s6"
cp -r "$tests/../board/runit/kist" "$tree/sv/"
cp -r "$tests/../board/s6/kist" "$tree/s6/"

cat > "$tree/test" <<'SCRIPT'
set -eu
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
unset KIST_ROOT KIST_STATE HOME
fail() { echo "FAIL: $*"; exit 1; }
eventually() {
    tries=100
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "did not happen in time: $*"
        sleep 0.1
    done
}
runs() { [ "$(kist ps --format '{{.Names}}')" = "$1" ]; }
# The oldest: the others are its workers.
guards() {
    for process in $(pidof kist); do
        tr '\0' ' ' 2> /dev/null < "/proc/$process/cmdline" | grep -q '^[^ ]*kist boot --stay' && echo "$process"
    done | sort -n | head -1
}
# It heeds signals (it has blocked SIGTERM, to read it).
heeds() { grep -q '^SigBlk:.*4003$' "/proc/$1/status" 2> /dev/null; }
another() { [ -n "$(guards)" ] && [ "$(guards)" != "$1" ] && heeds "$(guards)"; }

kist pull -q "$1" > /dev/null
kist create --name web --restart always "$1" sh -c "trap 'exit 0' TERM; sleep 100000 & wait" > /dev/null

echo "# OpenRC"
# What /sbin/openrc makes when a machine starts.
mkdir -p /run/openrc
for directory in starting started stopping inactive wasinactive failed hotplugged daemons options; do
    mkdir /run/openrc/$directory
done
mkdir /run/openrc/exclusive /run/openrc/scheduled
echo default > /run/openrc/softlevel
rc-service kist start
eventually runs web
rc-service kist status || fail "the status"
tr '\0' ' ' < "/proc/$(guards)/cmdline" | grep -q -- '--timeout 10' || fail "/etc/conf.d/kist was not heeded"
old=$(guards)
kill -9 "$old"
eventually another "$old"
runs web || fail "web runs no more"
rc-service kist stop
eventually runs ''

echo "# runit"
runsv /sv/kist &
eventually runs web
old=$(guards)
kill -9 "$old"
eventually another "$old"
runs web || fail "web runs no more"
printf x > /sv/kist/supervise/control  # as sv exit does
eventually runs ''
wait

echo "# s6"
s6-supervise /s6/kist &
eventually runs web
old=$(guards)
kill -9 "$old"
eventually another "$old"
runs web || fail "web runs no more"
s6-svc -xd /s6/kist
eventually runs ''
wait
SCRIPT

unshare --mount --pid --fork --propagation private sh -c '
    mount --bind "$1" "$1" && cd "$1" && mount -t proc proc proc && mount --rbind /sys sys &&
        mount --rbind /dev dev && mount -t tmpfs -o mode=755 run run && mkdir old && pivot_root . old &&
        exec chroot . /bin/sh -c "umount -l /old; exec /bin/sh /test $2"
' sh "$tree" "$registry/box"
