# overlayless.sh - without overlayfs the root file system is copied, which is said once.
# As on a board whose kernel was built without it: the module is not there.
rmmod overlay 2>/dev/null
find /lib/modules -name 'overlay.ko*' | xargs rm -f
grep -q overlay /proc/filesystems && skip "overlayfs cannot be taken away here"
k pull -q "$image" > /dev/null || fail "the pull failed"
output=$(k run --rm "$image" sh -c 'echo changed > /etc/passwd && cat /etc/passwd' 2>/tmp/said)
same "$output" changed
has "$(cat /tmp/said)" overlay
has "$(k run --rm "$image" cat /etc/passwd 2>/dev/null)" root:
k run --rm -u app "$image" id -u 2>/dev/null | grep -q 1000 || fail "the user"
k rmi "$image" > /dev/null
