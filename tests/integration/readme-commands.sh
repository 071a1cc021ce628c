#!/bin/sh
# readme-commands.sh - the list of commands in README.md is the one that the tables print.
. "$(dirname "$0")/common.sh"

"$kist" help --markdown > "$work/printed"
sed -n '/^| command | what it does |$/,/^$/p' "$tests/../README.md" | grep . | sed 's/\\|/|/g' > "$work/written"
diff "$work/written" "$work/printed" || fail "README.md: put in what \"kist help --markdown\" prints"
