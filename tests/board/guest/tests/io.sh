# io.sh - reading and writing a disk is slowed to what was said.
[ -b /dev/vdb ] || skip "the disk for it is not there"
mkdir -p /data/io
chmod 777 /data/io
# took COMMAND...: seconds, in tenths.
took() {
    read -r from _ < /proc/uptime
    "$@" > /dev/null 2>&1 || fail "$*"
    read -r to _ < /proc/uptime
    from=${from%?} to=${to%?}
    echo $((${to%.*}${to#*.} - ${from%.*}${from#*.}))
}
write="dd if=/dev/zero of=/io/file bs=256k count=16 oflag=direct"
read="dd if=/io/file of=/dev/null bs=256k iflag=direct"
fast=$(took k run --rm -v /data/io:/io "$image" $write)
slow=$(took k run --rm -v /data/io:/io --device-write-bps /dev/vdb:1mb "$image" $write)
echo "4 MB written in $fast tenths of a second, and in $slow with 1 MB/s"
near "$slow" 30 90
[ "$fast" -lt 25 ] || fail "slow without a limit: $fast"
slow=$(took k run --rm -v /data/io:/io --device-read-bps /dev/vdb:1mb "$image" $read)
echo "and read in $slow"
near "$slow" 30 90
rm -rf /data/io
