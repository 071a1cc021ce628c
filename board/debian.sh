#!/bin/sh
# debian.sh PACKAGE... - makes a small Debian of this machine's architecture, and prints the tar archive it is in.
#
# Nothing of the machine is changed.  The archive is kept outside the tree, under a key made of what was asked for.
# mmdebstrap runs the packages' scripts in a chroot, so this wants to run as root.

set -eu
export LC_ALL=C
suite=bookworm
cache=${KIST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kist}/board
key=$({ cat "$0"; printf '%s\n' "$@"; } | sha256sum | cut -c1-16)
result=$cache/debian-$key.tar
[ -e "$result" ] && { echo "$result"; exit 0; }

mkdir -p "$cache"
exec 9> "$cache/debian.lock"
flock 9
[ -e "$result" ] && { echo "$result"; exit 0; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
make() {
    mmdebstrap --quiet --variant=essential --include="$(echo "$@" | tr ' ' ',')" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/zoneinfo/*' \
        --aptopt='Acquire::Retries "3"' "$suite" "$result.new" > "$log" 2>&1
}
make "$@" || make "$@" || { tail -n 20 "$log" >&2; exit 1; }
mv "$result.new" "$result"
echo "$result"
