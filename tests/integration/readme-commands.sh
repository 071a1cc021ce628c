#!/bin/sh
# readme-commands.sh - the list of commands in README.md is the one that the tables print, and its pictures of networks
# are the manual's.
. "$(dirname "$0")/common.sh"

"$kist" help --markdown > "$work/printed"
sed -n '/^| command | what it does |$/,/^$/p' "$tests/../README.md" | grep . | sed 's/\\|/|/g' > "$work/written"
diff "$work/written" "$work/printed" || fail "README.md: put in what \"kist help --markdown\" prints"

# pictures: those with boxes, out of a text in which others are, too.
pictures() { awk -v RS= '/\+-----/ { print; print "" }'; }
"$kist" help networking | pictures > "$work/printed"
sed -n '/^### The two paths$/,/^### Names$/p' "$tests/../README.md" | pictures > "$work/written"
same "$(grep -c eth0 "$work/printed")" 5
diff "$work/written" "$work/printed" || fail "README.md: the pictures are not those of \"kist help networking\""
