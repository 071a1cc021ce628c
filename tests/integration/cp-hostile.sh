#!/bin/sh
# cp-hostile.sh - a container that swaps links while files are copied leads cp neither to the host's
# files nor to its devices; a disk that is full is said.
. "$(dirname "$0")/box.sh"

facts() { (cd "$outside" && find . -printf '%p %y %m %U %G %s %T@ %C@\n' | sort; cat victim/f victim/secret); }

# For a container: forever turns /tmp/x, /tmp/y/f and a new /tmp/p/pipe into links to the host's $1.
swapper='while :; do
    ln -s "$1" next && mv -T next x 2> /dev/null; rm -rf x next
    mkdir x && touch x/f x/secret; ln -s "$1" y/next && mv -T y/next y/f; rm -f y/f; touch y/f
    [ ! -e /tmp/p/pipe ] || { rm -f /tmp/p/pipe; ln -s "$1/secret" /tmp/p/pipe; }
    rm -rf x; done'

# try COMMAND...: it may fail, when the container is quick.
try() { if "$@"; then worked=$((worked + 1)); else failed=$((failed + 1)); fi; }

# While x is now a directory and now a link to the host's, y/f a file or a link.
check_swaps() {
    k run -d --name web "$image" sh -c "mkdir -p /tmp/y /tmp/p; cd /tmp; $swapper" sh \
        "$outside/victim" > /dev/null
    eventually 20 k cp web:/tmp/y -
    before=$(facts)
    in_mode sh -c "cd '$mine' && mkfifo -m 666 from/pipe && echo ours > from/f"
    worked=0 failed=0
    for i in $(seq ${KIST_ROUNDS:-15}); do
        try k cp "$mine/from" web:/tmp/x
        try k cp "$mine/from/." web:/tmp/x
        try k cp "$mine/from/f" web:/tmp/x/f
        try k cp "$mine/from/f" web:/tmp/y/f
        try k cp "$mine/from/pipe" web:/tmp/p
        try k cp -L web:/tmp/x/secret "$mine/got"
        try k cp web:/tmp/x "$mine/got"
        try k cp -L web:/tmp/y/f "$mine/got"
        try k cp web:/tmp/x - > "$work/x.tar"
        ! grep -rq "the host's" "$mine/got" "$work/x.tar" || fail "read the host's file"
        in_mode rm -rf "$mine/got"
        in_mode mkdir "$mine/got"
    done 2> /dev/null
    same "$(facts)" "$before"
    # Some came in time and some did not, or nothing was tried.
    [ $worked -gt 5 ] && [ $failed -gt 5 ] || fail "$worked copies worked, $failed failed"
    k rm -f web > /dev/null
}

# What has been copied out before is no way out of DEST.
check_links_to_the_host() {
    k run --name web "$image" sh -c \
        'mkdir -p /d/sub && ln -s "$1" /d/link && ln -s ../../.. /d/up' sh "$outside"
    k cp web:/d "$mine/got"
    same "$(readlink "$mine/got/d/link")" "$outside"
    k rm web > /dev/null
    k run --name web "$image" sh -c 'mkdir -p /d/link/victim /d/up && echo theirs > /d/link/victim/f'
    before=$(facts)
    ends_with 1 k cp web:/d "$mine/got"
    has "$output" "place of a file"
    same "$(facts)" "$before"
    # As in a container's own links: they lead to its own files.
    k cp "$mine/from/f" web:/home/f
    k rm web > /dev/null
    k run --name web "$image" sh -c \
        'ln -s /etc/../../../../.. /up && ln -s "$1/victim" /away' sh "$outside"
    k cp "$mine/from/f" web:/up/here
    same "$(k cp web:/here - | tar -xO)" ours
    ends_with 1 k cp "$mine/from/f" web:/away/f
    ends_with 1 k cp web:/away/secret "$mine/got"
    same "$(facts)" "$before"
    k rm web > /dev/null
}

# Nodes are not opened: neither a device nor a fifo that nobody writes to.
check_nodes() {
    nodes='mkfifo /tmp/n/pipe' privileged=
    # Without a cgroup nobody else may make nodes.
    [ "$mode" != root ] || nodes="$nodes; mknod /tmp/n/zero c 1 5; mknod /tmp/n/disk b 7 0" privileged=--privileged
    k run --name web $privileged "$image" sh -c "mkdir /tmp/n; $nodes"
    k cp web:/tmp/n "$mine/got/nodes"
    same "$(find "$mine/got/nodes" -type b -o -type c)" ""
    [ -p "$mine/got/nodes/pipe" ] || fail "no fifo"
    listing=$(k cp web:/tmp/n - | tar -tv)
    [ "$mode" != root ] || has "$(echo "$listing" | tr -s " ")" "crw-r--r-- 0/0 1,5"
    # Nor are they replaced by a file.
    ends_with 1 k cp "$mine/from/f" web:/tmp/n/pipe
    has "$output" "neither a file nor a directory"
    k cp "$mine/from/f" web:/tmp/zero
    in_mode mkfifo "$mine/got/zero"
    for place in zero ""; do
        ends_with 1 k cp web:/tmp/zero "$mine/got/$place"
        has "$output" "neither a file nor a directory"
    done
    [ -p "$mine/got/zero" ] || fail "a fifo was replaced"
    k rm web > /dev/null
}

check_full_disk() {
    # Both ways: what did not fit is not left half, and the file says why.
    k run --name web --tmpfs /small:size=1m "$image" true
    in_mode sh -c "head -c 3000000 /dev/urandom > '$mine/big'"
    ends_with 1 k cp "$mine/big" web:/small
    has "$output" "No space left"
    k cp "$mine/big" web:/home/big
    ends_with 1 unshare --mount sh -c "mount -t tmpfs -o size=1m,mode=1777 none '$mine/small' && $1"
    has "$output" "No space left"
    k rm web > /dev/null
}

check() {
    user_prepare "$mode"
    mine=$work/$mode/home
    mkdir -p "$mine"
    in_mode mkdir -p "$mine/from" "$mine/got" "$mine/small"
    outside=$work/$mode/home/outside
    in_mode mkdir -p "$outside/victim"
    for file in secret f; do
        in_mode sh -c "echo \"the host's\" > '$outside/victim/$file'"
    done
    check_swaps
    check_links_to_the_host
    check_nodes
    if [ "$mode" = root ]; then
        check_full_disk "'$kist' cp web:/home/big '$mine/small' 2>&1
            status=\$?; ls '$mine/small'; exit \$status"
        lacks "$output" "
big"
    fi
}
each_mode check
