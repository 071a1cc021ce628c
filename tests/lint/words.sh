#!/bin/sh
# words.sh - nothing unfinished, and nothing that belongs to one machine: no marks of things to be done,
# no paths of somebody's workplace, no package mirror by name.
cd "$(dirname "$0")/../.." || exit 1
# Spelled so that this file does not match itself.
words='[T]ODO|[F]IXME|\b[H]ACK\b|not (yet )?[i]mplemented|(^|[^A-Za-z0-9_$}])[/]work/|\b[s]tubs?\b|[s]tubbed'
words="$words|(deb|security|snapshot|archive|ftp)[.]debian[.]org"
git ls-files -co --exclude-standard |
while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done |
xargs grep -InE "$words" -- | grep -vE 'stub-resolv|stub (resolver|listener)' | { ! grep . ; }
