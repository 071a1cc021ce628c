# cut.sh - before a power cut: pulls, runs and removes without end; after it: looks whether all is whole.
store=$KIST_ROOT
[ "$who" = root ] || store=/data/pi/kist
arch=${image##*-}
if grep -q board.after=cut /proc/cmdline; then
    k images || fail "the images cannot be listed"
    k ps -a || fail "the containers cannot be listed"
    # By id: a cut between the two may have left an image its digest only, without the tag.
    for listed in $(k images --format '{{.Repository}}@{{.ID}}' | sort -u); do
        echo "$listed is listed"
        case $listed in
            *busybox*) k run --rm --pull never "${listed#*@}" sh -c 'id app && ls /bin' > /dev/null || fail "$listed" ;;
            *) k run --rm --pull never "${listed#*@}" || fail "$listed is not whole" ;;
        esac
    done
    # A new pull after the accident, then everything goes.
    k pull -q "$registry/small-$arch" || fail "a pull after it"
    k run --rm --pull never "$registry/small-$arch" || fail "a run after it"
    for container in $(k ps -aq); do
        k rm -f "$container" || fail "rm $container"
    done
    k image prune -a -f || fail "prune"
    same "$(k images -q)" ''
    same "$(find "$store"/layers "$store"/staging "$store"/references "$store"/images "$store"/containers \
        -mindepth 1 2>/dev/null | head -5)" ''
    exit 0
fi
while :; do
    for name in small busybox big; do
        k pull -q "$registry/$name-$arch" || fail "pull $name"
        echo "pulled $name"
        k run --rm --pull never "$registry/$name-$arch" true || fail "run $name"
        k run --name "kept-$name" "$registry/$name-$arch" sh -c 'echo x > /file' || fail "keep $name"
    done
    k rm kept-small kept-big kept-busybox || fail "rm"
    k rmi "$registry/big-$arch" "$registry/small-$arch" || fail "rmi"
done
