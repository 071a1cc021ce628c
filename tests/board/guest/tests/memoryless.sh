# memoryless.sh - -m on a board whose kernel has the memory controller off: refused, with the words to add.
k pull -q "$image" > /dev/null || fail "the pull failed"
ends_with 125 k run --rm -m 100m "$image" echo ran
lacks "$output" "ran
"
has "$output" memory
has "$output" cmdline.txt
has "$output" cgroup_enable=memory
k run --rm --pids-limit 50 "$image" echo fine | grep -q fine || fail "another limit does not work"
k run --rm "$image" echo fine | grep -q fine || fail "nothing runs"
k check | grep -i memory
