#!/bin/sh
# check.sh - what must hold for both binaries: their size, how they are linked, and that another
# directory gives the same bytes.  Prints TAP.
#
#   tests/check.sh quick|full     quick leaves the second build out
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
budget=${SIZE_BUDGET:-$(sed -n 's/^SIZE_BUDGET = //p' Makefile)}
number=0

result() { number=$((number + 1)); echo "$1 $number - $2"; }

# check NAME COMMAND...: the command says nothing when all is well, and what is wrong otherwise.
check() {
    name=$1
    shift
    found=$("$@" 2>&1) || found="$found (status $?)"
    [ -z "$found" ] && result ok "$name" && return
    result 'not ok' "$name"
    printf '%s\n' "$found" | sed 's/^/# /'
}

size() {
    bytes=$(stat -c %s "$1")
    [ "$bytes" -le $((budget * 1024)) ] || echo "$((bytes / 1024)) KiB are over the budget of $budget KiB"
}

# Static, position independent, without an interpreter, with read-only relocations.
linked() {
    dynamic=$(llvm-readelf-19 -hdW "$1")
    echo "$dynamic" | grep -q 'Type: *DYN' || echo "not position independent"
    echo "$dynamic" | grep -q 'FLAGS_1.*NOW.*PIE' || echo "not linked with -z now and -pie"
    ! echo "$dynamic" | grep -E 'NEEDED|TEXTREL'
    segments=$(llvm-readelf-19 -lW "$1")
    ! echo "$segments" | grep INTERP
    ! echo "$segments" | grep -E '(LOAD|GNU_STACK) .* RWE'
    echo "$segments" | grep -q GNU_RELRO || echo "no read-only relocations"
    ! llvm-readelf-19 -SW "$1" | grep -F ' .symtab'
}

# Boards have pages of 4, 16 and 64 KiB.
aligned() { llvm-readelf-19 -lW "$1" | awk '$1 == "LOAD" && $NF != "0x10000"'; }

symbols() {
    id=$(llvm-readelf-19 --notes "$1" | sed -n 's/.*Build ID: //p')
    file=$(dirname "$1")/debug/.build-id/${id%"${id#??}"}/${id#??}.debug
    [ -s "$file" ] || echo "no debug symbols for build id $id"
}

# Nothing of this machine is in it.
anonymous() {
    for word in "$PWD" "${KIST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kist}"; do
        ! grep -qF "$word" "$1" || echo "holds the path $word"
    done
}

# The tree as it is, elsewhere, under a longer name, with the same words about the commit.
elsewhere() {
    copy=build/elsewhere/another-directory-with-a-long-name
    rm -rf build/elsewhere
    mkdir -p $copy
    git ls-files -co --exclude-standard | while read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done | tar -cf - -T - | tar -xf - -C $copy
    made=build/amd64/obj/generated/version.h
    KIST_COMMIT=$(sed -n 's/.*kCommit = "\(.*\)".*/\1/p' $made)
    SOURCE_DATE_EPOCH=$(sed -n 's/.*kBuildDate = \([0-9]*\).*/\1/p' $made)
    export KIST_COMMIT SOURCE_DATE_EPOCH
    NO_DEPS=1 make -C $copy amd64 arm64 > build/elsewhere/log 2>&1 || tail -n 20 build/elsewhere/log
}
identical() { cmp "build/$1/kist" "build/elsewhere/another-directory-with-a-long-name/build/$1/kist"; }

for arch in amd64 arm64; do
    program=build/$arch/kist
    if [ ! -f $program ]; then
        result 'not ok' "$arch is built"
        continue
    fi
    echo "# $program: $((($(stat -c %s $program) + 1023) / 1024)) KiB of $budget KiB"
    for property in size linked symbols anonymous; do
        check "$arch $property" $property $program
    done
done
check "arm64 aligned" aligned build/arm64/kist
if [ "${1:-full}" = full ]; then
    check "another directory builds" elsewhere
    for arch in amd64 arm64; do
        check "$arch is the same from another directory" identical $arch
    done
fi
