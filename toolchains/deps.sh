#!/bin/sh
# deps.sh - installs, with apt, the packages of some groups of packages.txt that are missing.
#
#   toolchains/deps.sh GROUP...
#
# With NO_DEPS=1 it only says what is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null | grep -qx installed; }

missing=
for group; do
    for package in $(awk -v group="$group" '$1 == group { $1 = ""; print }' "$here/packages.txt"); do
        installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

if [ -n "${NO_DEPS:-}" ]; then
    printf 'missing packages:%s\n(install them, or run make without NO_DEPS)\n' "$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    command -v sudo > /dev/null || {
        printf 'missing packages; as root, run:\n    apt-get install%s\n' "$missing" >&2
        exit 1
    }
fi
printf 'installing with apt:%s\n' "$missing"

# shellcheck disable=SC2086 # a list of packages
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 $missing > "$log" 2>&1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install || {
    $as_root apt-get update -q > "$log" 2>&1 && install
} || {
    tail -n 20 "$log" >&2
    printf 'apt could not install:%s\n' "$missing" >&2
    exit 1
}
