# modes.sh - sourced after common.sh: the three ways in which kist runs, and the users for them.
#
#   each_mode FUNCTION       calls FUNCTION with $mode root, subuid and single, as far as they can be had
#   k ARGUMENT...            kist in the current mode; each mode has its own store
#   in_mode COMMAND...       any command in the current mode
#   start ARGUMENT...        kist in the background; sets $runner
#   store, volatile          where the current mode's kist has its store and its state
#
# The two users live in private mount namespaces with their own /etc/passwd and /etc/subuid: nothing of the
# machine is changed.  "single" has no newuidmap, as on many small boards.

mode=root
user_id=12345

user_prepare() {
    [ ! -d "$work/$1" ] || return 0
    mkdir -p "$work/$1/etc" "$work/$1/home" "$state/$1"
    cp /etc/passwd /etc/group "$work/$1/etc/"
    echo "kisttest:x:$user_id:$user_id::$work/$1/home:/bin/sh" >> "$work/$1/etc/passwd"
    echo "kisttest:x:$user_id:" >> "$work/$1/etc/group"
    : > "$work/$1/etc/empty"
    for file in subuid subgid; do
        if [ "$1" = subuid ]; then
            echo "kisttest:200000:65536" > "$work/$1/etc/$file"
        else
            : > "$work/$1/etc/$file"
        fi
    done
    chown -R $user_id:$user_id "$work/$1/home" "$state/$1"
    chmod 700 "$state/$1"
}

as_user() {
    [ "$(id -u)" = 0 ] || { "$@"; return; }
    user_prepare "$mode"
    "$fixtures/as_user.sh" "$work/$mode" "$mode" $user_id "$state/$mode" "$@"
}

in_mode() {
    if [ "$mode" = root ]; then "$@"; else as_user "$@"; fi
}

k() { in_mode "$kist" "$@"; }

store() {
    if [ "$mode" = root ]; then echo "$KIST_ROOT"; else echo "$work/$mode/home/.local/share/kist"; fi
}
volatile() {
    if [ "$mode" = root ]; then echo "$KIST_STATE"; else echo "$state/$mode/kist"; fi
}

# start ARGUMENT...: kist in the current mode in the background; $runner is its own process, and signals
# that a shell makes its background jobs ignore are as usual.
start() {
    if [ "$mode" = root ] || [ "$(id -u)" != 0 ]; then
        env --default-signal=INT,QUIT "$kist" "$@" &
    else
        user_prepare "$mode"
        env --default-signal=INT,QUIT "$fixtures/as_user.sh" "$work/$mode" "$mode" $user_id \
            "$state/$mode" "$kist" "$@" &
    fi
    runner=$!
    children="$children $runner"
}

# Whether this machine can serve the current mode.
mode_works() {
    case $mode in
        root) [ "$(id -u)" = 0 ] ;;
        subuid) [ -u /usr/bin/newuidmap ] && [ -e /etc/subuid ] && in_mode unshare --user true ;;
        single) in_mode unshare --user true ;;
    esac
}

each_mode() {
    served=0
    for mode in ${KIST_MODES:-root subuid single}; do
        mode_works 2>/dev/null || continue
        served=$((served + 1))
        "$1" || fail "in mode $mode"
    done
    mode=root
    [ $served -gt 0 ] || skip "no mode works here"
}

# Containers that a failing test leaves go with it.
mode_clean_up() {
    for mode in subuid single; do
        [ -d "$work/$mode" ] || continue
        for container in $(k ps -aq 2>/dev/null); do
            k rm --force "$container"
        done
    done > /dev/null 2>&1
}

# not_spoilt COMMAND...: with --output a command that fails leaves the file that was there, and what is no
# file is written to as it is.
not_spoilt() {
    [ "$mode" = root ] || return 0
    mkdir -p "$work/small"
    ends_with 1 unshare --mount --propagation private sh -ec '
        mount -t tmpfs -o size=64k none "$0/small"
        echo backup > "$0/small/file"
        mknod "$0/small/full" c 1 7
        "$@" --output "$0/small/full" || [ -c "$0/small/full" ] || echo gone
        "$@" --output "$0/small/file" || { cat "$0/small/file"; ls -A "$0/small"; exit 1; }
        ' "$work" "$kist" "$@"
    has "$output" "No space left"
    has "$output" "
backup
file
full"
}
