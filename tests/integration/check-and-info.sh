#!/bin/sh
# check-and-info.sh - check, info, version, help and unshare say what they should.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture layered)" box

check() {
    status=0
    output=$(k check 2>&1) || status=$?
    for feature in 'user namespaces' overlay cgroup seccomp memory; do
        has "$output" "$feature"
    done
    k check --json > "$work/$mode.json" || :
    $python -c 'import json, sys; assert json.load(open(sys.argv[1]))' "$work/$mode.json"
    k info > /dev/null
    [ "$mode" = single ] || has "$(k info)" "$mode"
    # What networks change of the machine: root's do, others' cannot.
    case $mode in
        root) has "$(k info)" 'net.ipv4.ip_forward = 1' ;;
        *) lacks "$(k info)" 'net.ipv4' ;;
    esac
    k version > /dev/null

    # A shell among the subordinate ids, to look at what belongs to them and to delete it.
    k pull -q "$registry/box" > /dev/null
    case $mode in
        subuid)
            same "$(k unshare id -u)" 0
            tree=$(ls -d "$work/subuid/home/.local/share/kist"/layers/*/tree/owned)
            same "$(k unshare stat -c %u:%g "$tree")" 1000:50
            [ "$(stat -c %u "$tree")" -ge 200000 ] || fail "the file does not belong to a subordinate id" ;;
        single) same "$(k unshare id -u)" 0 ;;
    esac
}
each_mode check

for command in run pull images rmi login logout ps rm check unshare version info; do
    has "$("$kist" help $command)" "kist $command"
    has "$("$kist" $command --help)" "kist $command"
done
has "$("$kist" help)" pull
not "$kist" no-such-command 2>/dev/null
has "$("$kist" version --licenses)" BearSSL
