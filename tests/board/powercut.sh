# powercut.sh - sourced by run.sh: pulls the plug at random instants, and looks what is left.
#
# A board does all that changes kist's store, without end, and says on its disk what kist has confirmed.  QEMU is
# killed.  The disk had logged every write in order: replay.py makes the disk as a drive would have left it at an
# instant, with everything up to the last flush and a random part of what came after.  The board then boots from that
# disk: what was confirmed holds, everything can be used and removed, and nothing is left over.
#
# One life of a board is good for several cuts, each in another of the phases below.  "boot" is the start of a board
# after the cut before it, so that what mends is hurt, too.  Every fifth life is without overlayfs.
# KIST_CUTS says how many cuts (default 6), KIST_SEED repeats a run, KIST_CUT_PHASES="rm boot" tries those only.

cuts=${KIST_CUTS:-6}
seed=${KIST_SEED:-$(date +%s)}
read -r -a phases <<< "${KIST_CUT_PHASES:-create boot log rm start run boot restart pull stop rename rmi}"
# At least one life for each user.
each_life=$((cuts > 10 ? 5 : (cuts + 1) / 2))
cut_size=$((508 << 20))  # of the file system; the words are behind it
cut_log=$results/powercut
echo "# power cuts: $cuts, KIST_SEED=$seed"
rm -rf "$cut_log"
mkdir -p "$cut_log"

# chance NAME LOW HIGH: a number in that range, the same for the same seed.
chance() { python3 -c "import random; print('%.2f' % random.Random('$seed/$1').uniform($2, $3))"; }

# cut_life NUMBER USER: cut.life is the disk before, cut.life.log all that was written; 124: it ended without a word.
cut_life() {
    local log=$cut_log/life-$1
    rm -f "$work"/cut.*
    make_data "$work/data" amd64 "$2" cut
    truncate -s 512M "$work/cut.life"
    # Everything is written now, so that the log has the workload's writes only.
    mke2fs -q -t ext4 -m 0 -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d "$work/data" "$work/cut.life" \
        $((cut_size >> 10))k
    cp --sparse=always "$work/cut.life" "$work/cut.disk"
    "$tests/../board/boot.sh" --image "$work/cut.disk" --writes "$work/cut.life.log" --timeout 180 \
        --cut "$(chance "life-$1" 0 6)" --append "$cut_words" --results "$log" amd64 || :
    ! grep -q '^@@EXIT' "$log/console.log" || return 1
    grep -q '^@@CUT' "$log/console.log" || return 124
}

# cut_at NUMBER PHASE: cut.after is the disk that the cut leaves.
cut_at() {
    local log=$cut_log/$1 from=cut.life
    # The disk and the log of the board that looked after the cut before.
    [ "$2" != boot ] || [ ! -e "$work/cut.after" ] || from=cut.after
    mkdir -p "$log"
    cp --sparse=always "$work/$from" "$work/cut.new"
    python3 "$here/replay.py" "$work/cut.new" "$work/$from.log" "$seed.$1" $cut_size "$2" > "$log/replay" || return 1
    mv "$work/cut.new" "$work/cut.after"
}

# cut_look NUMBER: status 0 when all is well after it; 124 when the board ended without a word.
cut_look() {
    cp --sparse=always "$work/cut.after" "$work/cut.disk"
    "$tests/../board/boot.sh" --image "$work/cut.disk" --writes "$work/cut.after.log" \
        --append "board.tests=cut_after $cut_words" --timeout 180 --results "$cut_log/$1" amd64
}

# again COMMAND...: once more when a board ended without a word.
again() {
    local status=0
    "$@" || status=$?
    [ $status = 124 ] || return $status
    retries=$((retries + 1))
    echo "# $*: a board ended without a word, and it is done again"
    "$@"
}

[ -x "$(program amd64)" ] || { echo "not ok - powercut has a program"; return 0; }
for number in $(seq "$cuts"); do
    life=$(((number - 1) / each_life))
    who=$([ $((life % 2)) = 1 ] && echo root || echo pi)
    cut_words=
    [ $((life % 5)) != 4 ] || cut_words=board.overlay=no
    if [ $(((number - 1) % each_life)) = 0 ] && ! again cut_life $life "$who"; then
        echo "not ok - powercut: the life before ($who, KIST_SEED=$seed)"
        tail -3 "$cut_log/life-$life/console.log" | sed 's/^/# /'
        break
    fi
    phase=${phases[$(((number + seed) % ${#phases[@]}))]}
    if cut_at "$number" "$phase" && again cut_look "$number"; then
        echo "ok - powercut $number ($who${cut_words:+, $cut_words}, $(cat "$cut_log/$number/replay"))"
    else
        echo "not ok - powercut $number ($who, $(cat "$cut_log/$number/replay"), KIST_SEED=$seed)"
        grep '^#.*FAIL' "$cut_log/$number/tap" 2>/dev/null || tail -3 "$cut_log/$number/console.log" | sed 's/^/# /'
    fi
done
rm -f "$work"/cut.*
