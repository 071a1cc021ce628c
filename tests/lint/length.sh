#!/bin/sh
# length.sh - no file over 400 lines, no function over 60, no line over 100 columns (scripts: 120).
#
# A function is what lies between two braces that stand alone at the same indentation: the style
# puts them so for functions and for nothing else.  Tables between "clang-format off" and "on" may
# be wider.
cd "$(dirname "$0")/../.." || exit 1
git ls-files -co --exclude-standard -- '*.h' '*.c' '*.cpp' '*.sh' '*.py' '*.cmake' \
    'CMakeLists.txt' '*/CMakeLists.txt' Makefile '.ci/run' |
while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done |
xargs awk '
    function say(line, text) { printf "%s:%d: %s\n", FILENAME, line, text; bad = 1 }
    FNR == 1 { wide = opened = 0; code = FILENAME ~ /\.(h|c|cpp)$/; columns = code ? 100 : 120 }
    FNR == 401 { say(401, "the file has more than 400 lines") }
    /clang-format off/ { wide = 1 }
    /clang-format on/ { wide = 0 }
    length($0) > columns && !wide {
        # Bytes are counted by some awks, characters by others; only the latter are columns.
        text = $0
        gsub(/[\200-\277]/, "", text)
        if (length(text) > columns) say(FNR, "the line has more than " columns " columns")
    }
    code && !opened && /^ *\{$/ { opened = FNR; indent = index($0, "{") }
    code && opened && /^ *\}/ && index($0, "}") == indent {
        if (FNR - opened > 60) say(opened, "the function has more than 60 lines")
        opened = 0
    }
    END { exit bad }
'
