# overlayless.sh - without overlayfs the root file system is copied, which is said once.
no_overlay || skip "overlayfs cannot be taken away here"
k pull -q "$image" > /dev/null || fail "the pull failed"
output=$(k run --rm "$image" sh -c 'echo changed > /etc/passwd && cat /etc/passwd' 2>/tmp/said)
same "$output" changed
has "$(cat /tmp/said)" overlay
has "$(k run --rm "$image" cat /etc/passwd 2>/dev/null)" root:
k run --rm -u app "$image" id -u 2>/dev/null | grep -q 1000 || fail "the user"
k rmi "$image" > /dev/null
