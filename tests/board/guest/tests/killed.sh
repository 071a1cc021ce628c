# killed.sh - kill -9 takes the container and its cgroup along, and the next command sweeps.
start run --rm "$image" sleep 4321
eventually 15 sh -c "grep -zqs '^4321$' /proc/[0-9]*/cmdline"
kill -9 $runner
wait $runner 2>/dev/null || :
eventually 15 sh -c "! grep -zqs '^4321$' /proc/[0-9]*/cmdline"
same "$(k --log-level debug ps -aq)" ''
same "$(find $group -path '*/kist/*' -type d | head -3)" ''
