#!/bin/sh
# fetch.sh - brings a third-party source into the cache and prints the directory it is unpacked in.
#
#   third_party/fetch.sh NAME...      names are those of sources.txt; one line is printed for each
#
# The archives come through apt from where this machine's own sources point to, and every byte is
# checked against the SHA-256 of sources.txt.  Nothing of the machine is changed but apt's lists, if
# they are too old to have a version: source packages are looked up with a list and an index of our
# own.  With DL_DIR=DIRECTORY the archives are taken from there instead, and nothing is downloaded.
# NO_DEPS=1 alone uses only what the cache already has.
#
# The cache ($KIST_CACHE, else $XDG_CACHE_HOME/kist, else ~/.cache/kist) is keyed by content, so any
# number of trees and of versions can share it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${KIST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kist}
mkdir -p "$cache/downloads" "$cache/src" "$cache/apt/lists/partial"

die() { printf 'third_party/fetch.sh: %s\n' "$*" >&2; exit 1; }

checked() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d' ' -f1)" = "$2" ]; }

# source_lists: an index of Debian's source packages, beside the machine's own lists.
source_lists() {
    lists="-o Dir::Etc::sourcelist=$cache/apt/sources.list -o Dir::Etc::sourceparts=-
           -o Dir::State::lists=$cache/apt/lists -o Dir::Cache=$cache/apt
           -o APT::Sandbox::User=root -o Acquire::Retries=3"
    [ -z "$(find "$cache/apt/sources.list" -mmin -720 2> /dev/null)" ] || return 0
    entries=$(apt-get indextargets --format 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u)
    [ -n "$entries" ] || die "apt knows no Debian packages (run: apt-get update)"
    printf '%s\n' "$entries" > "$cache/apt/new.list"
    mv "$cache/apt/new.list" "$cache/apt/sources.list"
    # shellcheck disable=SC2086 # a list of options
    apt-get -qq $lists update >&2 || { rm -f "$cache/apt/sources.list"; die "apt-get update failed"; }
}

# refresh_lists: of the machine.  A fresh one may never have read those of its security updates.
refresh_lists() {
    if [ "$(id -u)" = 0 ]; then apt-get -qq update >&2; else sudo apt-get -qq update >&2; fi
}

download_binary() {
    apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download "$1" >&2
}

# download KIND PACKAGE VERSION: into the current directory.
download() {
    case $1 in
    source)
        source_lists
        # shellcheck disable=SC2086 # a list of options
        apt-get -qq $lists source --download-only --tar-only "$2=$3" >&2 ;;
    deb)
        download_binary "$2=$3" 2> /dev/null || { refresh_lists && download_binary "$2=$3"; } ;;
    esac
}

# obtain KIND PACKAGE VERSION FILE SHA256: the archive is in the cache afterwards.
obtain() {
    target=$cache/downloads/$4
    ! checked "$target" "$5" || return 0
    if [ -n "${DL_DIR:-}" ]; then
        checked "$DL_DIR/$4" "$5" || die "$DL_DIR/$4 is missing or not the pinned file
(expected SHA-256 $5, from Debian's $2 $3)"
        cp "$DL_DIR/$4" "$target.$$" && mv "$target.$$" "$target"
        return 0
    fi
    [ -z "${NO_DEPS:-}" ] || die "$4 is not in $cache/downloads, and NO_DEPS is set
(give DL_DIR=DIRECTORY with the file in it, or leave NO_DEPS out)"
    printf 'fetching %s\n' "$4" >&2
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    # apt names a binary package's file with the colon of an epoch written as %3a.
    (cd "$work" && download "$1" "$2" "$3") || {
        rm -rf "$work"
        die "apt cannot download $2 $3
Debian may have moved on to another version (apt-cache policy $2).  Either put $4
into a directory and give DL_DIR=DIRECTORY, or pin the new version in third_party/sources.txt."
    }
    got=$(find "$work" -type f -name "$4" | head -n 1)
    [ -n "$got" ] || got=$(find "$work" -type f | head -n 1)
    checked "$got" "$5" || {
        sum=$(sha256sum < "$got" | cut -d' ' -f1); rm -rf "$work"
        die "$2 $3 has SHA-256 $sum, but sources.txt pins $5"
    }
    mv "$got" "$target"
    rm -rf "$work"
}

# unpack NAME KIND FILE SHA256: prints the directory.
unpack() {
    directory=$cache/src/$1-$(printf '%s' "$4" | cut -c1-16)
    if [ ! -d "$directory" ]; then
        work=$(mktemp -d "$cache/src/unpack.XXXXXX")
        case $1,$2 in
        llvm,*)
            # The runtimes only: the whole tarball would be 1.5 GB.
            top=${3%.orig.tar.xz}
            tar -xf "$cache/downloads/$3" -C "$work" --strip-components=1 \
                --wildcards --exclude='*/test/*' --exclude='*/docs/*' --exclude='*/benchmarks/*' --no-wildcards \
                "$top/libcxx" "$top/libcxxabi" "$top/runtimes" "$top/cmake" "$top/libunwind/include" \
                "$top/llvm/cmake" "$top/llvm/LICENSE.TXT" "$top/compiler-rt/CMakeLists.txt" \
                "$top/compiler-rt/LICENSE.TXT" "$top/compiler-rt/cmake" \
                "$top/compiler-rt/lib/builtins" "$top/compiler-rt/lib/CMakeLists.txt" ;;
        *,deb) dpkg-deb -x "$cache/downloads/$3" "$work" ;;
        *) tar -xf "$cache/downloads/$3" -C "$work" --strip-components=1 ;;
        esac
        chmod 755 "$work"
        mv -T "$work" "$directory" 2> /dev/null || rm -rf "$work"
    fi
    printf '%s\n' "$directory"
}

[ $# -gt 0 ] || die "usage: fetch.sh NAME..."
(
    flock 9
    for name; do
        row=$(awk -v name="$name" '$1 == name' "$here/sources.txt")
        [ -n "$row" ] || die "sources.txt has no $name"
        read -r name kind package version file sha256 << ROW
$row
ROW
        obtain "$kind" "$package" "$version" "$file" "$sha256"
        unpack "$name" "$kind" "$file" "$sha256"
    done
) 9> "$cache/lock"
