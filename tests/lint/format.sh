#!/bin/sh
# format.sh - every C++ file is as clang-format leaves it.
cd "$(dirname "$0")/../.." || exit 1
git ls-files -co --exclude-standard -- '*.h' '*.c' '*.cpp' |
while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done |
xargs clang-format --dry-run -Werror 2>&1 | sed -n 's/^\([^ :]*\):\([0-9]*\):.*error: code should.*/\1 \2/p' |
awk '!seen[$1]++ { print $1 ":" $2 ": not as clang-format leaves it" } END { exit NR > 0 }'
