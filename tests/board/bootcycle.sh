# bootcycle.sh - sourced by run.sh: boards that kist boots.
#
# Each row below boots twice from one disk, with a read-only root: the first time containers are made, the
# second time they must come back.  Process 1 is BusyBox's init, or the board's own script of which `kist boot`
# is a plain child.  KIST_IDLE is how many seconds the idle board is watched (default 60).

#     name        machine  process 1  words for the kernel  tests of the second boot
cycles="
      boot-amd64  amd64    init       board.uidmap=yes      boot_again,boot_init,idle
      boot-arm64  arm64    init       board.uidmap=no       boot_again,boot_init
      boot-plain  amd64    child      board.uidmap=no       boot_again
      boot-plain-arm64 arm64 child    board.uidmap=yes      boot_again
"

# cycle_once NAME MACHINE INIT WORDS TESTS ROUND
cycle_once() {
    local words="board.boot=$3 $4 board.tests=$5 board.idle=${KIST_IDLE:-60}"
    [ "$3" = child ] || words="$words board.init=/sbin/init"
    rm -rf "${results:?}/$1-$6"
    "$tests/../board/boot.sh" --image "$work/cycle.img" --type squashfs --append "$words" \
        --timeout $((180 + ${KIST_IDLE:-60})) --results "$results/$1-$6" "$2"
}

# cycle NAME: both boots; a board that ends without a word makes it begin anew, once.
cycle() {
    local name=$1 machine_name init words list which round status attempt
    read -r _ machine_name init words list <<< "$(echo "$cycles" | awk -v name="$1" '$1 == name')"
    [ -x "$(program "$machine_name")" ] || { echo "not ok - $name has a program"; return 0; }
    for attempt in 1 2; do
        make_data "$work/data" "$machine_name" root ''
        echo "plain=1" >> "$work/data/board/settings"
        truncate -s 1G "$work/cycle.img"
        mke2fs -q -F -t ext4 -m 0 -E lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0 -d "$work/data" \
            "$work/cycle.img"
        for round in 1 2; do
            status=0
            [ $round = 1 ] && which=boot_create || which=$list
            cycle_once "$name" "$machine_name" "$init" "$words" "$which" $round || status=$?
            [ $status = 0 ] || break
        done
        [ $status = 124 ] || break
        [ $attempt = 1 ] || continue
        echo "# $name: ended without a word, and is started once more"
        retries=$((retries + 1))
    done
    for round in 1 2; do
        sed -n "s/^\(not ok\|ok\) - root /\1 - $name /p; /^#/p" "$results/$name-$round/tap" 2>/dev/null || :
        sed "s/^@@ /# $name: /" "$results/$name-$round/figures" 2>/dev/null || :
    done
    if [ $status = 124 ]; then
        echo "not ok - $name boots twice and ends"
        tail -5 "$results/$name-$round/console.log" | sed 's/^/# /'
    fi
    rm -f "$work/cycle.img"
}
