#!/bin/sh
# scripts.sh - every script can at least be parsed by what runs it.
cd "$(dirname "$0")/../.." || exit 1
status=0
for file in $(git ls-files -co --exclude-standard); do
    [ -f "$file" ] || continue
    case $(head -c 64 "$file" | head -n 1 | tr -d '\0') in
    '#!/bin/sh'*) sh -n "$file" || status=1 ;;
    '#!/bin/bash'* | '#!/usr/bin/env bash'*) bash -n "$file" || status=1 ;;
    *python3*) python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file" ||
        status=1 ;;
    esac
done
exit $status
