# powercut.sh - sourced by run.sh: pulls the plug at random instants, and looks what is left.
#
# A board pulls, runs and removes images without end.  At a random instant QEMU is killed.  Its disk had
# logged every write in order: replay.py makes the disk as a drive would have left it, with everything up to
# the last flush and a random part of what came after.  The board then boots from that disk: every image that
# is listed must run and have all its bytes, and when all are removed, nothing may be left in the store.
# KIST_SEED repeats a run.

cuts=${KIST_CUTS:-4}
seed=${KIST_SEED:-$(date +%s)}
echo "# power cuts: $cuts, KIST_SEED=$seed"
cut_log=$results/powercut
rm -rf "$cut_log"
mkdir -p "$cut_log"

# cut_disk FILE DIRECTORY: everything is written now, so that the log has the workload's writes only.
cut_disk() {
    truncate -s 512M "$1"
    mke2fs -q -t ext4 -m 0 -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d "$2" "$1"
}

# cut_once NUMBER SECONDS USER: status 0 when all is well after it; 124 when a board ended without a word.
cut_once() {
    local log=$cut_log/$1
    rm -f "$work"/cut.*
    make_data "$work/data" amd64 "$3" cut
    cut_disk "$work/cut.before" "$work/data"
    cp --sparse=always "$work/cut.before" "$work/cut.during"
    "$tests/../board/boot.sh" --image "$work/cut.during" --writes "$work/cut.log" --cut "$2" --timeout 90 \
        --results "$log/before" amd64 || :
    grep -q '^@@READY' "$log/before/console.log" || return 124
    python3 "$here/replay.py" "$work/cut.before" "$work/cut.log" "$seed.$1" > "$log/replay" || return 1
    "$tests/../board/boot.sh" --image "$work/cut.before" --append board.after=cut --timeout 120 \
        --results "$log/after" amd64
}

[ -x "$(program amd64)" ] || { echo "not ok - powercut has a program"; return 0; }
for number in $(seq "$cuts"); do
    # Between 0.2 and 12 seconds after the board was ready: from the first byte on.
    instant=$(python3 -c "import random; print('%.2f' % random.Random('$seed/$number').uniform(0.2, 12))")
    who=$([ $((number % 2)) = 0 ] && echo root || echo pi)
    status=0
    cut_once "$number" "$instant" "$who" || status=$?
    if [ $status = 124 ]; then
        retries=$((retries + 1))
        echo "# power cut $number: a board ended without a word, and it is done again"
        status=0
        cut_once "$number" "$instant" "$who" || status=$?
    fi
    if [ $status = 0 ]; then
        echo "ok - powercut $number ($who, after $instant s, $(tail -1 "$cut_log/$number/replay"))"
    else
        echo "not ok - powercut $number ($who, after $instant s, KIST_SEED=$seed)"
        cat "$cut_log/$number"/{before,after}/tap 2>/dev/null | grep '^#' || :
    fi
done
