# freeze.sh - a cgroup file written by --cgroup-conf: a container that starts frozen, and goes on when thawed.
start run --rm --cgroup-conf cgroup.freeze=1 "$image" echo thawed > /tmp/frozen
eventually 15 sh -c "find $group -path '*/kist/*' -name cgroup.freeze | xargs grep -q 1"
sleep 2
same "$(cat /tmp/frozen)" ''
for file in $(find $group -path '*/kist/*' -name cgroup.freeze); do
    echo 0 > "$file"
done
wait $runner || fail "status $?: $(cat /tmp/frozen)"
has "$(cat /tmp/frozen)" thawed
