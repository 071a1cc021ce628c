#!/bin/sh
# packages.sh ARCH PACKAGE... - unpacks Debian packages of ARCH and prints the directory they are in.
#
# Nothing is installed and the machine's own apt is not touched: a private apt state asks for both
# architectures, `apt-get download` brings the packages (apt checks their signatures and digests) and
# `dpkg -x` unpacks them.  The result is kept outside the tree, under a key made of what was asked for;
# a package name that ends in "=" is a metapackage, which stands for what it depends on.

set -eu
export LC_ALL=C
arch=${1:?usage: packages.sh ARCH PACKAGE...}
shift

cache=${KIST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kist}/board
key=$(printf '%s\n' "$arch" "$@" | sha256sum | cut -c1-16)
result=$cache/$arch-$key
[ -d "$result" ] && { echo "$result"; exit 0; }

mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial" "$cache/debs"
exec 9> "$cache/lock"
flock 9
[ -d "$result" ] && { echo "$result"; exit 0; }

export APT_CONFIG="$cache/apt/apt.conf"
cat > "$APT_CONFIG" <<CONF
APT::Architecture "$(dpkg --print-architecture)";
#clear APT::Architectures;
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$cache/apt";
Dir::State::status "/dev/null";
Dir::Cache "$cache/apt";
CONF

# One update serves all; a later one is made only when a package cannot be had from the old lists.
update() { apt-get -qq update >&2; touch "$cache/apt/updated"; }
[ -e "$cache/apt/updated" ] || update

# names: the packages asked for, each metapackage replaced by its first dependency.
names() {
    for package in "$@"; do
        case $package in
            *=) apt-cache depends "${package%=}:$arch" | sed -n 's/^ *Depends: \([^: ]*\).*/\1/p' | head -1 ;;
            *) echo "$package" ;;
        esac
    done
}

download() {
    # shellcheck disable=SC2046  # one word a package
    (cd "$cache/debs" && apt-get -qq download $(names "$@" | sed "s/\$/:$arch/") >&2)
}
download "$@" || { update; download "$@"; }

rm -rf "$result.new"
mkdir "$result.new"
for package in $(names "$@"); do
    deb=$(ls -t "$cache/debs/${package}"_*_"$arch".deb "$cache/debs/${package}"_*_all.deb 2>/dev/null | head -1)
    [ -n "$deb" ] || { echo "packages.sh: no package $package for $arch" >&2; exit 1; }
    dpkg -x "$deb" "$result.new"
done
mv "$result.new" "$result"
echo "$result"
