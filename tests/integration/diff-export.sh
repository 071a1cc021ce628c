#!/bin/sh
# diff-export.sh - what a container has changed, and its file system as an archive.
. "$(dirname "$0")/box.sh"

# changed: what diff says, in one line.
changed() { k diff web | tr '\n' ' '; }

check_diff() {
    k create --name web "$image" true > /dev/null
    same "$(changed)" ""
    k start -a web
    same "$(changed)" ""
    k rm web > /dev/null

    k run --name web "$image" sh -c '
        echo x > /new && mkdir -p /made/deep && touch /made/deep/f
        echo root:x:0:0::/:/bin/sh >> /etc/passwd
        rm /etc/group
        rm -rf /home && mkdir /home && touch /home/again
        chmod 700 /tmp'
    same "$(k diff web)" "C /etc
D /etc/group
C /etc/passwd
C /home
A /home/again
D /home/app
A /made
A /made/deep
A /made/deep/f
A /new
C /tmp"
    same "$(k container diff web)" "$(k diff web)"
    k rm web > /dev/null

    k run -d --name web -v /vol "$image" sh -c 'touch /vol/x /done; sleep 100' > /dev/null
    eventually 20 k cp web:/done -
    has "$(changed)" "A /done"
    lacks "$(changed)" "/vol/x"
    k rm -f web > /dev/null
    # One can be deeper than all that diff and export go.
    k run --name deep "$image" sh -c 'mkdir /a; cd /a; i=0
        while [ $i -lt 600 ]; do mkdir d; cd d; i=$((i + 1)); done; touch /last'
    same "$(k diff deep 2> /dev/null | sed -n '1p;$p' | tr '\n' ' ')" "A /a A /last "
    ends_with 0 k diff deep
    has "$output" "left out"
    k rm deep > /dev/null
    ends_with 1 k diff absent
    has "$output" absent
}

check_export() {
    host=$work/$mode/home/host
    in_mode mkdir -p "$host"
    in_mode sh -c "echo content > '$host/file'"
    k create --name web -v "$host:/vol" "$image" true > /dev/null
    k export web > "$work/created.tar"
    has "$(tar -tf "$work/created.tar")" etc/passwd
    k rm web > /dev/null

    k run --name web -v "$host:/vol" "$image" \
        sh -c 'echo mine > /home/own; ln /home/own /home/other; rm /etc/group'
    k export web > "$work/ended.tar"
    k export -o "$work/$mode/home/out.tar" web
    cmp "$work/ended.tar" "$work/$mode/home/out.tar"
    same "$(tar -xOf "$work/ended.tar" home/other)" mine
    not_spoilt export web
    # Who reads it may stop early.
    for words in "export web" "cp web:/bin -"; do
        k $words 2>&1 > /dev/null | cat > /dev/null
        { k $words 2> "$work/why" || :; } | head -c 100 > /dev/null
        has "$(cat "$work/why")" "Broken pipe"
    done
    ends_with 1 k cp web:/absent -
    has "$output" ": /absent: "
    listing=$(tar -tvf "$work/ended.tar" --numeric-owner)
    has "$listing" "home/own link to home/other"
    lacks "$listing" "etc/group"
    has "$listing" " vol/"
    lacks "$listing" "vol/file"
    lacks "$listing" .wh.
    # What was in the image with an owner still has it, whoever unpacked it.
    same "$(echo "$listing" | grep ' home/app/$' | cut -d' ' -f2)" "$app_owner"
    k rm web > /dev/null
    ends_with 1 k export web

    k run -d --name web --init -v "$host:/vol" "$image" \
        sh -c 'echo mine > /home/own; touch /vol/up; sleep 100' > /dev/null
    eventually 20 test -e "$host/up"
    k export web > "$work/up.tar"
    same "$(tar -xOf "$work/up.tar" home/own)" mine
    listing=$(tar -tf "$work/up.tar")
    lacks "$listing" vol/up
    for place in proc/1 proc/self sys/kernel dev/null dev/pts/ptmx; do
        lacks "$listing" "$place"
    done
    has "$listing" proc/
    # The files that kist mounts are not the container's.
    lacks "$(tar -xOf "$work/up.tar" etc/hosts)" localhost
    ends_with 1 in_mode script -qec "$kist export web" /dev/null
    has "$output" terminal
    k rm -f web > /dev/null
    in_mode rm -rf "$host"
}

# The archive makes the same container again: its root file system runs.
check_again() {
    k run --name web "$image" sh -c 'echo mine > /own'
    in_mode mkdir -p "$work/$mode/home/root"
    k export web | in_mode tar -C "$work/$mode/home/root" -xf - --exclude 'dev/*'
    same "$(k run --rm --rootfs "$work/$mode/home/root" cat /own)" mine
    k rm web > /dev/null
}

check() {
    user_prepare "$mode"
    mkdir -p "$work/$mode/home"
    check_diff
    check_export
    check_again
}
tar --version > /dev/null || skip "needs tar"
app_owner=$(k run --rm "$image" stat -c %u/%g /home/app)
each_mode check
