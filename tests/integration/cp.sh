#!/bin/sh
# cp.sh - files go into and out of containers, by docker's rules, whether they run or not.
. "$(dirname "$0")/box.sh"

# inside COMMAND: what a shell in the container's files says: in the one that runs, or in a new one.
inside() { k cp "web:$1" - | tar -xO; }

# The rules about names; $from is a directory of the caller with a, d/b and a link.
names() {
    k cp "$from/a" web:/tmp
    same "$(inside /tmp/a)" one
    k cp "$from/a" web:/tmp/new
    same "$(inside /tmp/new)" one
    k cp "$from/d/b" web:/tmp/new
    same "$(inside /tmp/new)" two
    ends_with 1 k cp "$from/a" web:/tmp/absent/
    has "$output" "/tmp/absent/"
    ends_with 1 k cp "$from/a" web:/absent/new
    has "$output" "/absent"
    k cp "$from/d" web:/tmp
    same "$(inside /tmp/d/b)" two
    k cp "$from/d" web:/tmp/copy
    same "$(inside /tmp/copy/b)" two
    k cp "$from/d" web:/tmp/copy
    same "$(inside /tmp/copy/d/b)" two
    k cp "$from/d/." web:/tmp/merged
    same "$(inside /tmp/merged/b)" two
    k cp "$from/." web:/tmp/merged
    same "$(inside /tmp/merged/a)" one
    same "$(inside /tmp/merged/b)" two
    ends_with 1 k cp "$from/d" web:/tmp/a
    has "$output" "not a directory"
    ends_with 1 k cp "$from/absent" web:/tmp
    has "$output" "$from/absent"
    ends_with 1 k cp "$from/a/" web:/tmp
    # A directory does not make way for a file, nor a file for a directory.
    in_mode mkdir -p "$from/clash/a" "$from/other/copy"
    in_mode touch "$from/clash/copy"
    ends_with 1 k cp "$from/clash/." web:/tmp
    # Links: themselves, or with -L what they link to; at the end of DEST followed.
    k cp "$from/link" web:/tmp
    has "$(k cp web:/tmp/link - | tar -tv)" "link -> a"
    k cp -L "$from/link" web:/tmp/followed
    same "$(inside /tmp/followed)" one
    k cp "$from/d/b" web:/tmp/link
    same "$(inside /tmp/a)" two
}

# The same the other way.
names_out() {
    to=$home/to
    in_mode mkdir -p "$to"
    k cp web:/tmp/d "$to"
    same "$(cat "$to/d/b")" two
    k cp web:/tmp/d/b "$to"
    same "$(cat "$to/b")" two
    k cp web:/tmp/d/b "$to/new"
    same "$(cat "$to/new")" two
    k cp web:tmp/d "$to/tree"
    same "$(cat "$to/tree/b")" two
    k cp web:/tmp/d/. "$to/tree"
    k cp web:/tmp/d/. "$to/fresh"
    same "$(cat "$to/fresh/b")" two
    (cd "$to" && k cp web:/tmp/d/b . && k cp web:/tmp/d/b ./rel && same "$(cat rel)" two)
    k cp web:/tmp/link "$to"
    same "$(readlink "$to/link")" a
    k cp -L web:/tmp/link "$to/through"
    same "$(cat "$to/through")" two
    same "$(stat -c %u "$to/d/b")" "$owner"
    ends_with 1 k cp web:/tmp/absent "$to"
    has "$output" "/tmp/absent"
    ends_with 1 k cp web:/tmp/d "$to/b"
    has "$output" "not a directory"
    ends_with 1 k cp web:/tmp/d/b "$to/nowhere/"
    ends_with 1 k cp web:/tmp/d/b "$to/no/where"
    [ ! -e "$to/nowhere" ] || fail "made a directory for a file"
    in_mode mkdir -p "$to/clash/b"
    ends_with 1 k cp web:/tmp/d/. "$to/clash"
    in_mode rm -rf "$to"
}

archives() {
    k cp web:/tmp/d - > "$work/d.tar"
    same "$(tar -tf "$work/d.tar")" "d/
d/b"
    same "$(k cp web:/tmp/d/b - | tar -t)" b
    same "$(k cp web:/tmp/d/. - | tar -t)" "./
./b"
    same "$(k cp web:/tmp/d - | python3 -c 'import sys, tarfile
print(tarfile.open(fileobj=sys.stdin.buffer, mode="r|").getnames())')" "['d', 'd/b']"
    (cd "$from" && tar -cf - a d) | k cp - web:/home
    same "$(inside /home/d/b)" two
    (cd "$from" && tar -czf - a) | k cp - web:/home/d
    same "$(inside /home/d/a)" one
    ends_with 1 k cp - web:/home/d/a < "$work/d.tar"
    has "$output" "not a directory"
    ends_with 1 k cp - web:/absent < "$work/d.tar"
    head -c 1600 "$work/d.tar" > "$work/cut.tar"
    ends_with 1 k cp - web:/home < "$work/cut.tar"
    echo rubbish > "$work/rubbish"
    ends_with 1 k cp - web:/home < "$work/rubbish"
}

words() {
    ends_with 1 k cp "$from/a" "$from/b"
    ends_with 1 k cp web:/etc web:/tmp
    ends_with 1 k cp web: "$from"
    ends_with 1 k cp absent:/etc "$from"
    has "$output" absent
    ends_with 125 k cp web:/etc
    k container cp "$from/a" web:/tmp/by-alias
    same "$(inside /tmp/by-alias)" one
    # Silent without a terminal, unless asked; a file with a colon in its name.
    ends_with 0 k cp "$from/a" web:/tmp
    same "$output" ""
    ends_with 0 k cp --quiet=false "$from/a" web:/tmp
    has "$output" "Successfully copied"
    has "$output" "web:/tmp"
    in_mode cp "$from/a" "$from/x:y"
    (cd "$from" && k cp ./x:y web:/tmp/colon)
    same "$(inside /tmp/colon)" one
    ends_with 1 in_mode script -qec "$kist cp web:/etc/passwd -" /dev/null
    has "$output" "terminal"
}

attributes() {
    in_mode sh -c "cd '$from' && echo x > mode && chmod 4751 mode && touch -d @1600000000.5 mode"
    in_mode ln -f "$from/mode" "$from/mode2"
    k cp "$from/mode" web:/tmp
    listing=$(k cp web:/tmp/mode - | tar -tv --numeric-owner --full-time)
    has "$listing" "2020-09-13 12:26:40.5"
    if [ "$mode" != single ]; then
        has "$listing" "-rwsr-x--x 0/0"
        in_mode mkdir -p "$from/owned"
        in_mode touch "$from/owned/f"
        k cp -a "$from/owned" web:/tmp
        has "$(k cp web:/tmp/owned/f - | tar -tv --numeric-owner)" "$owner/$owner"
        # An archive on stdin keeps its owners.
        tar -C "$from" --owner=7 --group=8 --numeric-owner -cf - a | k cp - web:/tmp
        has "$(k cp web:/tmp/a - | tar -tv --numeric-owner)" 7/8
    fi
    k cp web:/tmp/mode "$home/mode"
    same "$(stat -c '%u %a' "$home/mode")" "$owner 751"
    in_mode rm -f "$home/mode"
    if [ "$mode" = root ]; then
        k cp -a web:/tmp/mode "$home/mode"
        same "$(stat -c '%u %a' "$home/mode")" "0 4751"
        rm "$home/mode"
    fi
    # Hard links stay, sockets and devices towards the host do not come.
    k cp "$from/." web:/tmp/links
    has "$(k cp web:/tmp/links - | tar -tv)" "link to links/mode"
}

sizes() {
    in_mode mkdir -p "$home/many"
    in_mode sh -c "cd '$home/many' && seq 10000 | xargs touch && echo last > 10000"
    k cp "$home/many" web:/tmp
    same "$(k cp web:/tmp/many - | tar -t | wc -l)" 10001
    in_mode rm -rf "$home/many"
    k cp web:/tmp/many "$home/many"
    same "$(ls "$home/many" | wc -l)" 10000
    same "$(cat "$home/many/10000")" last
    in_mode rm -rf "$home/many"

    in_mode truncate -s 1G "$home/holes"
    in_mode sh -c "printf end | dd of='$home/holes' bs=1 seek=1000000000 conv=notrunc 2> /dev/null"
    k cp "$home/holes" web:/tmp
    in_mode rm "$home/holes"
    k cp web:/tmp/holes "$home/back"
    same "$(stat -c %s "$home/back")" 1073741824
    [ "$(stat -c %b "$home/back")" -lt 2048 ] || fail "the holes were filled"
    same "$(tail -c +1000000001 "$home/back" | head -c 3)" end
    same "$(k cp web:/tmp/holes - | tar -xO | wc -c)" 1073741824
    in_mode rm "$home/back"
}

all() {
    names
    names_out
    archives
    words
    attributes
}

check() {
    user_prepare "$mode"
    home=$work/$mode/home
    mkdir -p "$home"
    from=$home/from
    owner=$user_id
    locks=$state/$mode/kist/locks
    [ "$mode" != root ] || owner=0 locks=$KIST_STATE/locks
    in_mode mkdir -p "$from/d"
    in_mode sh -c "cd '$from' && echo one > a && echo two > d/b && ln -s a link"

    # One that has ended, with what it wrote itself, and a volume.
    in_mode mkdir -p "$home/volume"
    k run --name web -v "$home/volume:/vol" -v "$home/volume:/ro:ro" -v /anonymous "$image" \
        sh -c 'echo mine > /home/own; chmod 1777 /tmp'
    same "$(inside /home/own)" mine
    all
    sizes
    k cp "$from/a" web:/vol
    same "$(cat "$home/volume/a")" one
    same "$(inside /vol/a)" one
    k cp "$from/a" web:/anonymous
    same "$(inside /anonymous/a)" one
    ends_with 1 k cp "$from/a" web:/ro/x
    has "$output" "ead-only"
    k rm web > /dev/null

    # One that runs sees what comes, in its mounts, too.
    rm -f "$home/volume/ready"
    start run --name web --init -v "$home/volume:/vol" --tmpfs /scratch "$image" sh -c \
        'chmod 1777 /tmp; echo mine > /home/own; touch /vol/ready
         while [ ! -e /scratch/stop ]; do sleep 0.1; done; cat /tmp/a /vol/said'
    eventually 20 test -e "$home/volume/ready"
    same "$(inside /home/own)" mine
    all
    k cp "$from/a" web:/vol/said
    same "$(cat "$home/volume/said")" one
    k cp "$from/a" web:/scratch/stop
    wait "$runner" || fail "the container did not see its files"
    k rm web > /dev/null

    k run --name web --read-only -v "$home/volume:/vol" "$image" true
    ends_with 1 k cp "$from/a" web:/home
    has "$output" "ead-only"
    k cp "$from/a" web:/vol
    k rm web > /dev/null

    # Nobody starts or removes it, nor copies too, while files come; they wait.
    k create --name web "$image" cat /home/slow > /dev/null
    (sleep 1; tar -C "$from" --transform s/a/slow/ -cf - a) | k cp - web:/home &
    sleep 0.5
    k cp "$from/d/b" web:/home/second
    same "$(k start -a web)" one
    same "$(inside /home/second)" two
    [ -z "$(ls "$locks")" ] || fail "locks are left"
    (sleep 1; tar -C "$from" -cf - a) | k cp - web:/home &
    sleep 0.5
    k rm web > /dev/null
    in_mode rm -rf "$from" "$home/volume"
}
each_mode check
