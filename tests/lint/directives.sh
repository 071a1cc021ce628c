#!/bin/sh
# directives.sh - what printf knows and the compiler lets pass, but str::format (base/format.cpp) does
# not know, and would end the program at.
cd "$(dirname "$0")/../.." || exit 1
width='([0-9]+|\*)?'
ours="[-0]*$width((\\.$width)?s|(l|ll|z)?[duoxX]|[c%])"
printf="[-+#0]*$width(\\.$width)?(hh|h|ll|l|j|z|t|L|q)?[aAcdeEfFgGimnopsuxX]"
git ls-files -co --exclude-standard -- 'src/*.cpp' 'src/*.h' |
while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done |
xargs grep -nP "^(?!\\s*//).*\".*%(?!$ours)$printf" | { ! grep . ; }
