# cut_after.sh - after a power cut: all that was confirmed holds, everything can be used and removed, nothing is left.
. /data/board/facts.sh
lacks "$(dmesg)" "EXT4-fs error"

# agree KIND LIST: of KIND everything that is there is in LIST, and nothing that is gone.
agree() {
    echo "$1: $(echo $2)"
    for name in $(known have "$1"); do
        echo "$2" | grep -qx "$name" || fail "the $1 \"$name\" was confirmed, and is not there"
    done
    for name in $(known gone "$1"); do
        ! echo "$2" | grep -qx "$name" || fail "the $1 \"$name\" is back"
    done
}
clean() { # what every command says is a list, and nothing else
    k "$@" > /tmp/said 2> /tmp/errors || fail "kist $*: $(cat /tmp/errors)"
    [ ! -s /tmp/errors ] || fail "kist $*: $(cat /tmp/errors)"
    cat /tmp/said
}

say phase boot
k boot || fail "boot"
say phase after
running=$(clean ps --format '{{.Names}}') || fail "$running"
containers=$(clean ps -a --format '{{.Names}}') || fail "$containers"
ids=$(clean ps -aq --no-trunc) || fail "$ids"
volumes=$(clean volume ls -q) || fail "$volumes"
agree running "$running"
agree container "$containers"
agree id "$ids"
agree volume "$volumes"
lacks "$containers" passing
images=$(clean images --format '{{.Repository}}@{{.ID}}' | sort -u) || fail "$images"
agree image "$(echo "$images" | sed -n "s|^$registry/\(.*\)-$arch@.*|\1|p" | sort -u)"

# Every line is one that was printed, in its order; each start begins anew.
for name in $containers; do
    clean logs "$name" > /tmp/log || fail "$(cat /tmp/log)"
    awk '/^started$/ || /^[0-9]+$/ { next }
         /^line [0-9]+ of many, one like the other$/ && ($2 > last || $2 == 1) { last = $2; next }
         { print "line " NR ": " $0; bad = 1 } END { exit bad }' /tmp/log || fail "the log of $name"
    echo "$(wc -l < /tmp/log) lines of $name"
done
for id in $(known have log); do
    k logs "$id" | grep -q '^[0-9]' || fail "the log of $id is lost"
done
for name in $running; do
    k exec "$name" test -d /proc/1 || fail "exec $name"
done
for listed in $images; do
    case $listed in
        *busybox*) k run --rm --pull never "${listed#*@}" sh -c 'id app && ls /bin' > /dev/null || fail "$listed" ;;
        *) k run --rm --pull never "${listed#*@}" || fail "$listed is not whole" ;;
    esac
done

k pull -q "$image" || fail "a pull after it"
programs=$(k run --rm "$image" sh -c 'ls /bin | wc -l')
for name in $(echo "$containers" | grep -E '^(made|named)'); do
    same "$(k start -a "$name")" "$programs"
done
# Nor is anything left of records that were being replaced; of a volume's, once it is used.
same "$(find "$store" -maxdepth 3 \( -path "$store/containers/*" -o -path "$store/volumes/*" \) -name '.*.*')" ''
[ -z "$containers" ] || k rm -f -v $containers || fail "rm"
for name in $containers; do
    k create --name "$name" --rm "$image" true || fail "the name $name is not free"
done
[ -z "$containers" ] || k rm $containers || fail "rm"
volumes=$(k volume ls -q)
same "$(echo "$volumes" | grep -v ^data)" ''
[ -z "$volumes" ] || k volume rm $volumes || fail "volume rm"
k image prune -a -f || fail "prune"
same "$(k images -q)" ''
left=$(find "$store"/layers "$store"/staging "$store"/references "$store"/images "$store"/diff-ids "$store"/containers \
    "$store"/names "$store"/volumes "$state"/locks "$state"/run -mindepth 1 ! -path "$store/volumes/.lock" \
    ! -path "$state/locks/.boot" ! -path "$state/locks/.said-*" 2>/dev/null)
same "$left" ''
