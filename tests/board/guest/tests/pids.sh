# pids.sh - no more processes than allowed.
output=$(k run --rm --pids-limit 20 "$image" sh -c '
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        sleep 5 &
    done
    ' 2>&1) || :
echo "$output"
has "$output" "can't fork"
k run --rm "$image" sh -c 'for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do sleep 1 & done'
