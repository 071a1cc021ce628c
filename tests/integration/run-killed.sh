#!/bin/sh
# run-killed.sh - a container outlives the kist run that was killed; a kill -9 of its monitor takes it down,
# and the next command sweeps what is left.
. "$(dirname "$0")/box.sh"

need pgrep
# Exactly the container's program: kist's own command line has the same words, and more.
running() { pgrep -c -x -f "sleep $seconds" || :; }
none_runs() { [ "$(running)" = 0 ]; }
one_runs() { [ "$(running)" -gt 0 ]; }
none_listed() { [ -z "$(k ps -q)" ]; }
nothing_kept_listed() { [ -z "$(k ps -aq)" ]; }
nothing_kept() { [ -z "$(ls "$store/containers" 2>/dev/null)" ]; }
only_one_left() { [ "$(k ps -aq | wc -l)" = 1 ]; }
# The client is killed: the container goes on.  Its monitor is killed: it ends.
kill_both() {
    kill -9 $runner
    wait $runner 2>/dev/null || :
    sleep 0.2
    same "$(running)" 1
    monitor=$(pgrep -f ":monitor .*$(k ps -q --no-trunc)")
    kill -9 "$monitor"
    eventually 10 none_runs
}

check() {
    seconds=86$$
    case $mode in root) store=$KIST_ROOT volatile=$KIST_STATE ;;
        *) store=$work/$mode/home/.local/share/kist volatile=$state/$mode/kist ;; esac
    mounts=$(wc -l < /proc/self/mountinfo)
    for options in '' '--init' '--pid host' '-t'; do
        start run --rm $options "$image" sleep $seconds > "$work/said" 2>&1
        eventually 10 one_runs
        kill_both
        eventually 10 nothing_kept_listed
    done
    # The one without --rm stays listed, as ended.
    start run --name stays "$image" sleep $seconds
    eventually 10 one_runs
    kill_both
    eventually 10 none_listed
    eventually 10 only_one_left
    has "$(k ps -a)" stays
    k rm stays > /dev/null
    eventually 10 nothing_kept
    same "$(find "$volatile" -path '*containers/*' 2>/dev/null | head -3)" ''
    same "$(wc -l < /proc/self/mountinfo)" "$mounts"
    for tree in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts); do
        same "$(find "$tree" -type d -path '*kist/*' 2>/dev/null | head -3)" ''
    done
}

# A root that was copied, for want of overlayfs, and whose mark did not come to be.
copied() {
    "$kist" save -o "$work/image.tar" "$image"
    mkdir "$work/lower" "$work/upper" "$work/work" "$work/place"
    ends_with 0 unshare --mount --propagation private sh -ec '
        cd "$2"
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work place
        export KIST_ROOT="$2/place/root" KIST_STATE="$3/copied"
        "$1" load -q -i image.tar
        "$1" create --name web "$4" sh -c "echo ran >> /said; cat /said"
        "$1" start -a web
        "$1" start -a web
        rm "$KIST_ROOT"/containers/*/copied
        "$1" start -a web
        "$1" rm web
        find "$KIST_ROOT/containers" -mindepth 1
        ' sh "$kist" "$work" "$state" "$image"
    has "$output" "files are copied instead"
    same "$(echo "$output" | grep -v "^kist: warning" | tail -n 5 | tr '\n' ' ')" "ran ran ran ran web "
}

each_mode check
[ "$(id -u)" != 0 ] || copied
