#!/bin/sh
# pull-concurrent.sh - pulls of the same image and of images that share layers do not disturb each other.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture big)" big
push_image "$(fixture small)" small
push_image "$(fixture layered)" layered
pulls=
for round in 1 2; do
    for image in big small big layered; do
        "$kist" pull -q "$registry/$image" > "$work/out.$round.$image" 2>&1 &
        pulls="$pulls $!"
    done
done
# Looking on meanwhile neither waits for them nor fails.
for round in 1 2 3 4 5; do
    timeout 10 "$kist" images > /dev/null
done
for pull in $pulls; do
    wait "$pull" || fail "$(cat "$work"/out.*)"
done
"$kist" run --rm "$registry/big"
"$kist" run --rm "$registry/small"
# 4 + 2 + 3 layers of their own and a base that all three share.
same "$(find "$KIST_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l)" 10
same "$(find "$KIST_ROOT/staging" -mindepth 1 | wc -l)" 0
