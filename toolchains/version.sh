#!/bin/sh
# version.sh - writes the header with the version, the commit and its date.
#
#   toolchains/version.sh VERSION FILE
#
# The date of the last commit is the earliest that the clock of a machine running this build can rightly
# show (see src/registry/trust).  It comes from git, or from KIST_COMMIT and SOURCE_DATE_EPOCH, or from
# toolchains/commit.txt, which `git archive` fills in.  The file is only touched when it changes.
set -eu

version=$1
file=$2
cd "$(dirname "$0")/.."
read -r commit date < toolchains/commit.txt
case $commit in
*Format*) commit=unknown date=0 ;;
esac
if [ -e .git ] && found=$(git log -1 --format='%h %ct' 2> /dev/null); then
    commit=${found% *} date=${found#* }
    GIT_OPTIONAL_LOCKS=0 git diff --quiet HEAD -- 2> /dev/null || commit=$commit-modified
fi
commit=${KIST_COMMIT:-$commit}
date=${SOURCE_DATE_EPOCH:-$date}

new=$(cat << END
// Made by toolchains/version.sh.
#pragma once
namespace kist {
inline constexpr const char* kVersion = "$version";
inline constexpr const char* kCommit = "$commit";
inline constexpr long long kBuildDate = $date;  // seconds since 1970
}  // namespace kist
END
)
[ "$(cat "$file" 2> /dev/null)" = "$new" ] || printf '%s\n' "$new" > "$file"
