# common.sh - sourced by every integration test.
#
# A test is a script that ends with status 0 (passed), 77 (cannot run here) or anything else.  It gets
#   $kist   the program under test (KIST, or the one built for this machine)
#   $work   an empty directory of its own, gone when the test ends
#   $state  the same on a tmpfs; store and state of root's kist are below these two
# and the words below.  Everything that a test starts is ended when it ends; it may not change the machine.

set -eu
export LC_ALL=C
# A test that runs as root has a network of its own, in which there is loopback only and everybody may ping: bridges
# and rules are not made on the machine's.  And on a machine whose cgroups are v1 and v2 together, the v2 tree belongs
# to its init system: the test does not see it, so that nothing is made in it.
if [ "$(id -u)" = 0 ] && [ -z "${KIST_APART:-}" ]; then
    export KIST_APART=$PPID
    exec unshare --net --mount --propagation private sh -c '
        ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
        ip link set lo up || { echo "skip: needs ip"; exit 77; }
        echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range
        exec "$0" "$@"' "$0" "$@"
fi
tests=$(cd "$(dirname "$0")/../tests" 2> /dev/null || cd "$(dirname "$0")/.."; pwd)  # bench/ has words of it too
fixtures=$tests/fixtures
case $(uname -m) in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
kist=$(realpath -m "${KIST:-$tests/../build/$machine/kist}")
name=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/kist-$name.XXXXXX")
state=$(mktemp -d "/dev/shm/kist-$name.XXXXXX")
chmod 755 "$work" "$state"
# Ordinary users have to get to the program and to the fixtures: where the tree is not for them, to copies.
copies=
if [ "$(id -u)" = 0 ] && [ -x "$kist" ] &&
    ! setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '[ -x "$0" ]' "$kist"; then
    copies=$(mktemp -d "${TMPDIR:-/tmp}/kist-copies.XXXXXX")
    chmod 755 "$copies"
    cp -r "$kist" "$fixtures" "$copies"
    kist=$copies/$(basename "$kist") fixtures=$copies/fixtures
fi
export KIST_ROOT="$work/root" KIST_STATE="$state/root" DOCKER_CONFIG="$work/docker"
unset HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE
# The distribution's own: a user of the tests may not be let into whatever else is called python3.
python=/usr/bin/python3
[ -x $python ] || python=python3
children=

clean_up() {
    status=$?
    trap - EXIT INT TERM HUP
    set +e
    for child in $children; do
        kill "$child" 2>/dev/null
    done
    "$kist" ps -aq 2>/dev/null | while read -r id; do "$kist" rm --force "$id"; done > /dev/null 2>&1
    [ ! -d "$work/subuid" ] && [ ! -d "$work/single" ] || mode_clean_up
    if [ "$status" != 0 ] && [ "$status" != 77 ] && [ -n "${KIST_KEEP:-}" ]; then
        echo "kept: $work $state" >&2
    else
        chmod -R u+rwX "$work" 2>/dev/null
        rm -rf "$work" "$state" ${copies:+"$copies"}
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

skip() { echo "skip: $*"; exit 77; }
fail() { echo "FAIL $name: $*" >&2; exit 1; }
not() { if "$@"; then fail "succeeded, but must not: $*"; fi; }
has() { case "$1" in *"$2"*) ;; *) fail "expected \"$2\" in: $1" ;; esac; }
lacks() { case "$1" in *"$2"*) fail "unexpected \"$2\" in: $1" ;; esac; }
same() { [ "$1" = "$2" ] || fail "expected \"$2\", got \"$1\""; }
need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
need() { for tool in "$@"; do command -v "$tool" > /dev/null || skip "needs $tool"; done; }
[ -x "$kist" ] || skip "no program at $kist"

# downloads COMMAND...: it sees the machine's network, from which Debian's packages come.
downloads() {
    case ${KIST_APART:-no} in
        no) "$@" ;;
        *) nsenter --net="/proc/$KIST_APART/ns/net" "$@" ;;
    esac
}

# ends_with STATUS COMMAND...: runs it; $output is all that it said.
ends_with() {
    wanted=$1
    shift
    status=0
    output=$("$@" 2>&1) || status=$?
    [ "$status" = "$wanted" ] || fail "expected status $wanted, got $status from: $*
$output"
}

# eventually SECONDS COMMAND...: waits until the command succeeds.
eventually() {
    tries=$(($1 * 20))
    shift
    until "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "did not happen in time: $*"
        sleep 0.05
    done
}

# fixture RECIPE: the directory of an image made by fixtures/make_image.py, once for all tests.
fixture() {
    key=$(cat "$fixtures/make_image.py" "$(command -v busybox)" | sha256sum | cut -c1-12)
    made=${KIST_FIXTURES:-${TMPDIR:-/tmp}/kist-fixtures-$(id -u)}/$1-$key
    if [ ! -d "$made" ]; then
        mkdir -p "$(dirname "$made")"
        $python "$fixtures/make_image.py" "$1" "$made.$$" >&2
        mv -T "$made.$$" "$made" 2>/dev/null || rm -rf "$made.$$"  # another test was faster
    fi
    echo "$made"
}

# certificates CASE...: makes them in $work/tls, and $ca, the file to trust.
certificates() {
    "$fixtures/certificates.sh" "$work/tls" "$@"
    ca=$work/tls/ca.crt
}

# start_server NAME COMMAND...: runs one of the servers of fixtures/; its port is in $port.
start_server() {
    server=$1
    shift
    mkfifo "$work/$server.hold"
    sleep 600 > "$work/$server.hold" &  # the server ends with its standard input
    children="$children $!"
    "$@" < "$work/$server.hold" > "$work/$server.port" 2> "$work/$server.err" &
    children="$children $!"
    eventually 10 test -s "$work/$server.port"
    rm "$work/$server.hold"
    port=$(cat "$work/$server.port")
}

# left_behind: what a store may not hold after a pull that failed: names, images, work in progress.
left_behind() {
    (cd "$KIST_ROOT" 2>/dev/null && find references images staging -mindepth 1 2>/dev/null | head -5)
}
