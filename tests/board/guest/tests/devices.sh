# devices.sh - block devices are out of reach; what is given is there.
disk=/dev/vda
[ -b $disk ] || disk=/dev/mmcblk0
numbers=$(stat -c '%t %T' $disk)
numbers="$((0x${numbers% *})) $((0x${numbers#* }))"
if k run --rm "$image" mknod /disk b $numbers 2>/dev/null; then
    fail "a block device could be made"
fi
if k run --rm --tmpfs /t "$image" sh -c "mknod /t/disk b $numbers && head -c 1 /t/disk" 2>/dev/null; then
    fail "a block device could be read"
fi
k run --rm "$image" sh -c 'echo x > /dev/null; head -c 4 /dev/urandom' > /dev/null || fail "the standard nodes"
if [ "$who" = root ]; then
    k run --rm "$image" mknod /null2 c 1 3 || fail "a character device cannot be made"
    ends_with 1 k run --rm "$image" sh -c 'mknod /kmsg c 1 11 && head -c 1 /kmsg'
    k run --rm --device $disk:/dev/disk:r "$image" sh -c 'head -c 512 /dev/disk | wc -c' | grep -q 512 ||
        fail "--device is not there"
    if k run --rm --device $disk:/dev/disk:r "$image" sh -c ': >> /dev/disk' 2>/dev/null; then
        fail "a device given for reading can be written"
    fi
    k run --rm --device-cgroup-rule "b ${numbers% *}:* rm" "$image" \
        sh -c "mknod /disk b $numbers && head -c 1 /disk" > /dev/null || fail "--device-cgroup-rule does not help"
    k run --rm --privileged "$image" sh -c "test -b $disk && head -c 1 $disk" > /dev/null || fail "--privileged"
fi
