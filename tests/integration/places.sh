#!/bin/sh
# places.sh - where the store and the state are: defaults, environment, flags, and their order.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" box

# Flags come before the environment.
"$kist" --root "$work/flag" --state "$state/flag" pull -q "$registry/box" > /dev/null
[ -d "$work/flag/layers" ] || fail "--root was not heeded"
[ ! -e "$KIST_ROOT" ] || fail "KIST_ROOT was used despite --root"
same "$("$kist" --root "$work/flag" --state "$state/flag" run --rm "$registry/box" echo there)" there
"$kist" pull -q "$registry/box" > /dev/null
[ -d "$KIST_ROOT/layers" ] || fail "KIST_ROOT was not heeded"

# A user's own: XDG_DATA_HOME and XDG_RUNTIME_DIR, or the home directory and a safe place.
check_user() {
    k pull -q "$registry/box" > /dev/null
    [ -d "$work/$mode/home/.local/share/kist/layers" ] || fail "not in the home directory"
    in_mode env XDG_DATA_HOME="$work/$mode/home/data" "$kist" pull -q "$registry/box" > /dev/null
    [ -d "$work/$mode/home/data/kist/layers" ] || fail "XDG_DATA_HOME was not heeded"
    # Whatever the environment says later, the containers of a store are where the first one was started.
    k run -d --name early --network none "$registry/box" sleep 1000 > /dev/null
    same "$(in_mode env -u XDG_RUNTIME_DIR "$kist" ps --format '{{.Names}} {{.State}}')" "early running"
    in_mode env -u XDG_RUNTIME_DIR "$kist" rm -f early > /dev/null
    # Without one, and with none that is known:
    rm -r "$(volatile)"
    same "$(in_mode env -u XDG_RUNTIME_DIR "$kist" run --rm "$registry/box" echo safe 2>/dev/null)" safe
    k run -d --name late --network none "$registry/box" sleep 1000 2> /dev/null > "$work/late"
    [ ! -e "$(volatile)" ] || fail "it was started with another state directory"
    k rm -f late > /dev/null
    private=$(in_mode readlink "$work/$mode/home/.local/share/kist/state")
    case $private in /tmp/*) rm -r "$private" ;; *) fail "unexpected: $private" ;; esac
}
mode=single
if mode_works; then check_user; fi
mode=root

# A state directory that outlives a reboot is warned about.
ends_with 0 "$kist" --state "$work/on-disk" run --rm "$registry/box" true
has "$output" tmpfs

# The file of an appliance, in a mount namespace of our own.
need_root
printf '# ours\nroot = %s\nstate = %s\n' "$work/conf" "$state/conf" > "$work/kist.conf"
with_conf() {
    unshare --mount --propagation private env -u KIST_ROOT -u KIST_STATE sh -c '
        mkdir "$1/etc"
        for file in passwd group hosts resolv.conf nsswitch.conf; do
            [ ! -e /etc/$file ] || cp -a /etc/$file "$1/etc/"
        done
        cp "$2" "$1/etc/kist.conf"
        mount --bind "$1/etc" /etc
        shift 2
        exec "$@"' sh "$work" "$work/kist.conf" "$@"
}
with_conf "$kist" pull -q "$registry/box" > /dev/null
[ -d "$work/conf/layers" ] || fail "/etc/kist.conf was not heeded"
rm -r "$work/etc"
echo 'rooot = /x' > "$work/kist.conf"
ends_with 1 with_conf "$kist" images
has "$output" kist.conf
has "$output" rooot
