#!/bin/sh
# layers.sh - each module includes only the modules that src/README.md allows it, and a third-party
# header only the files that third_party/README.md names.
cd "$(dirname "$0")/../.." || exit 1
status=0

awk -F'|' '
    FILENAME == "src/README.md" {
        if (gsub(/`/, "", $2)) {
            gsub(/ /, "", $2)
            gsub(/,/, " ", $3)
            allowed[$2] = " " $3 " "
        }
        next
    }
    match($0, /^#include "[a-z_]+\//) {
        split(FILENAME, part, "/")
        from = part[2]
        to = substr($0, RSTART + 10, RLENGTH - 11)
        if (!(from in allowed)) {
            printf "%s:%d: src/README.md has no module %s\n", FILENAME, FNR, from
            bad = 1
        } else if (to != from && allowed[from] !~ " " to " ") {
            printf "%s:%d: %s may not include %s\n", FILENAME, FNR, from, to
            bad = 1
        }
    }
    END { exit bad }
' src/README.md src/*/*.h src/*/*.cpp || status=1

# The rows of third_party/README.md end in: | `header` | the files, as a shell pattern each |
awk -F'|' '$4 ~ /`.*\.h`/ { gsub(/[ `]/, "", $4); gsub(/[`,]/, "", $5); print $4, $5 }' third_party/README.md |
while read -r header patterns; do
    grep -l "#include [<\"]$header[>\"]" src/*/*.h src/*/*.cpp | while read -r file; do
        for pattern in $patterns; do
            # shellcheck disable=SC2254 # it is a pattern
            case $file in $pattern) continue 2 ;; esac
        done
        echo "$file: may not include $header (third_party/README.md)"
    done
done | { ! grep . ; } || status=1

exit $status
