# lib.sh - the words of the guests' tests.
#
#   k ARGUMENT...         kist as $who: root, or pi (uid 1000) in the cgroup that was delegated to it
#   start ARGUMENT...     the same in the background; $runner is its process
# Results are as in the integration tests: fail, skip, has, same, ends_with.

. /data/board/settings
export SSL_CERT_FILE=/data/board/ca.crt PATH=/bin:/sbin:/usr/bin:/usr/sbin
[ -n "${plain:-}" ] || export KIST_ROOT=/data/kist-root KIST_STATE=/run/kist-root
kist=/data/board/kist

fail() { echo "FAIL: $*"; exit 1; }
skip() { echo "skip: $*"; exit 77; }
has() { case "$1" in *"$2"*) ;; *) fail "expected \"$2\" in: $1" ;; esac; }
lacks() { case "$1" in *"$2"*) fail "unexpected \"$2\" in: $1" ;; esac; }
same() { [ "$1" = "$2" ] || fail "expected \"$2\", got \"$1\""; }
# near VALUE LOW HIGH
near() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || fail "expected $2 to $3, got $1"; }

ends_with() {
    wanted=$1
    shift
    status=0
    output=$("$@" 2>&1) || status=$?
    echo "$output"
    [ "$status" = "$wanted" ] || fail "expected status $wanted, got $status from: $*"
}

eventually() {
    tries=$(($1 * 10))
    shift
    until "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "did not happen in time: $*"
        usleep 100000
    done
}

# as_pi COMMAND...: root puts a shell into the delegated cgroup, as a login would; it becomes the command.
as_pi() { sh /data/board/as_pi "$@"; }
in_mode() {
    if [ "$who" = root ]; then "$@"; else as_pi "$@"; fi
}
k() { in_mode $kist "$@"; }
start() {
    if [ "$who" = root ]; then $kist "$@" & else sh /data/board/as_pi $kist "$@" & fi
    runner=$!
}
# no_overlay: as on a board whose kernel was built without overlayfs; false when it cannot be taken away.
no_overlay() {
    rmmod overlay 2>/dev/null
    find /lib/modules -name 'overlay.ko*' | xargs rm -f
    ! grep -q overlay /proc/filesystems
}
# The cgroup below which the containers of $who are.
case $who in root) group=/sys/fs/cgroup ;; *) group=/sys/fs/cgroup/user/pi ;; esac
