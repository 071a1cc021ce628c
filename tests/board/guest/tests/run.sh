# run.sh - an image comes from the host's registry and runs, isolated as it should be.
k check || :
k pull "$image" || fail "the pull failed"
same "$(k run --rm "$image" echo hello)" hello
same "$(k run --rm "$image" sh -c 'echo $$')" 1
same "$(k run --rm "$image" cat /proc/self/cgroup)" "0::/"
same "$(k run --rm "$image" id -u)" 0
same "$(k run --rm -u app "$image" id -u)" 1000
ends_with 7 k run --rm "$image" sh -c 'exit 7'
lacks "$(k run --rm "$image" cat /proc/mounts)" /data/pi
[ "$who" = root ] || same "$(k run --rm -v /home/pi:/home/pi "$image" stat -c %u:%g /home/pi)" 0:0
# An index with many variants: the one of this board.
k pull -q "$registry/multi" > /dev/null
case $(uname -m) in x86_64) platform=amd64 ;; aarch64) platform=arm64/v8 ;; esac
same "$(cat /data/*/layers/*/tree/platform /data/pi/kist/layers/*/tree/platform 2>/dev/null | sort -u)" $platform
k rmi "$registry/multi" > /dev/null
