# facts.sh - sourced by the tests of power cuts: words that the disk keeps, whatever becomes of its files.
#
# They go to the end of the disk, behind the file system and past the page cache, without a flush: what is said there
# makes nothing durable that kist has left in memory.  replay.py keeps those from before the cut, and all of them.
#
#   say WORD...      writes a line there; "say phase NAME": what happens from now on, for replay.py
#   maybe KIND NAME  the next command is about to make or remove it
#   have KIND NAME   the command has ended well, and it is there
#   gone KIND NAME   ... and it is gone
#   known WORD KIND  the names of which WORD was the last that was said

disk=/dev/vdb
size=4096  # of a word: dd can write what has the size of a page past the page cache
first=$(($(cat /sys/block/vdb/size) / 8 - 1024))

said() { dd if=$disk bs=1M skip=$((first / 256)) iflag=direct 2>/dev/null | tr -d '\0'; }
slot=$(said | wc -l)
say() {
    echo "$*" | dd of=$disk bs=$size count=1 seek=$((first + slot)) oflag=direct conv=notrunc,sync 2>/dev/null ||
        fail "say $*"
    slot=$((slot + 1))
}
maybe() { say maybe "$@"; }
have() { say have "$@"; }
gone() { say gone "$@"; }
known() {
    said | awk -v word="$1" -v kind="$2" '$1 ~ /^(maybe|have|gone)$/ && $2 == kind { last[$3] = $1 }
        END { for (name in last) if (last[name] == word) print name }'
}

store=$KIST_ROOT state=$KIST_STATE
[ "$who" = root ] || store=/data/pi/kist state=/run/user/1000/kist
arch=${image##*-}

if grep -q board.overlay=no /proc/cmdline; then
    no_overlay || fail "overlayfs cannot be taken away"
fi
