#!/bin/sh
# exec-escape.sh - a container gets at neither kist nor the host through run, exec or --init: the ways of
# CVE-2019-5736 (kist's own file), CVE-2024-21626 (what kist has open), CVE-2025-31133 (masks and devices
# that are not what they are called), and what a process is before it becomes the container's.
. "$(dirname "$0")/box.sh"

sleeper='trap "exit 0" TERM; while :; do sleep 0.2; done'
up() { k run -d --name escape "$@" "$image" sh -c "$sleeper" > /dev/null || fail "cannot run it"; }
down() { k rm -f escape > /dev/null; }

# kist's own file, as the container's root may have it: writable for the user who runs it.
check_own_file() {
    mine=$work/$mode-bin
    mkdir -p "$mine"
    cp "$kist" "$mine/kist"
    [ "$mode" = root ] || chown -R $user_id:$user_id "$mine"
    chmod 755 "$mine" "$mine/kist"
    before=$(sha256sum < "$mine/kist")
    kist_was=$kist
    kist=$mine/kist
    # Whoever is kist in there is opened, and written to when it is busy no more.
    attack='while :; do for p in /proc/[0-9]*; do
        case $(readlink $p/exe) in *kist*) ;; *) continue ;; esac
        (exec 3< $p/exe && echo opened >> /seen
         for i in 1 2 3 4 5 6 7 8; do
             (echo overwritten > /proc/self/fd/3) && echo written >> /seen; sleep 0.05
         done) & done; done 2> /dev/null'
    k run -d --name escape "$image" sh -c "$attack" > /dev/null || fail "cannot run it"
    printf '#!/proc/self/exe version\n' | k exec -i escape sh -c 'cat > /script; chmod 755 /script'
    for i in 1 2 3 4 5 6 7 8 9 10; do
        k exec escape /proc/self/exe version > /dev/null 2>&1 || :
        k exec escape /script > /dev/null 2>&1 || :
        k exec escape /proc/self/exe healthcheck run nowhere > /dev/null 2>&1 || :
    done
    sleep 0.5
    seen=$(k exec escape cat /seen 2> /dev/null || :)
    down
    for flag in "" --init; do
        k run --rm $flag --entrypoint /proc/self/exe "$image" version > /dev/null 2>&1 || :
        touched='for p in /proc/1 /proc/self; do (exec 3< $p/exe; echo x > /proc/self/fd/3); done'
        k run --rm $flag "$image" sh -c "$touched" \
            > /dev/null 2>&1 || :
    done
    kist=$kist_was
    lacks "$seen" written
    same "$(sha256sum < "$mine/kist")" "$before"
}

# What kist was given or has open is not there by number, neither as directory nor as program.
check_descriptors() {
    secret=$work/$mode-secret
    mkdir -p "$secret"
    cp /bin/busybox "$secret/busybox"
    chmod -R a+rx "$secret"
    exec 7< "$secret" 8< /
    up
    k exec escape sh -c 'ln -s /proc/self/fd/7 /seven; ln -s /proc/thread-self/fd/8 /eight'
    for directory in /proc/self/fd/3 /proc/self/fd/7 /proc/self/fd/8 /proc/self/fd/8/.. /seven /eight /proc/1/fd/7; do
        ends_with 126 k exec -w $directory escape pwd
    done
    for i in 3 4 5 6 7 8 9 10 11 12; do
        ends_with 127 k exec escape /proc/self/fd/$i/busybox true
        ends_with 127 k exec escape /proc/self/fd/7
        not k run --rm -w /proc/self/fd/$i "$image" cat ../../../etc/shadow > /dev/null 2>&1
        not k run --rm --init -w /proc/self/fd/$i "$image" true > /dev/null 2>&1
        not k run --rm --entrypoint /proc/self/fd/$i/busybox "$image" true > /dev/null 2>&1
    done
    # 0, 1, 2, and the one that ls reads.
    for way in "exec escape" "run --rm $image" "run --rm --init $image"; do
        same "$(k $way ls /proc/self/fd | tr '\n' ' ')" "0 1 2 3 "
    done
    same "$(k run --rm --init "$image" ls /proc/1/fd 2> /dev/null | tr -d '\n' | tr -d 012)" ""
    exec 7<&- 8<&-
    down
}

# Masks are the kernel's own /dev/null, whatever the image or a volume has by that name.
check_masks() {
    null="character special file 1:3"
    look='for file in /dev/null /proc/kcore /proc/keys /proc/timer_list; do
        [ ! -e $file ] || stat -c "%F %t:%T" $file
    done'
    k run --rm "$image" sh -c "$look" > "$work/facts" || fail "cannot run it"
    [ -s "$work/facts" ] || fail "nothing is said"
    while read -r line; do same "$line" "$null"; done < "$work/facts"
    dev=$work/$mode-dev
    for trick in "ln -s /proc/sysrq-trigger" "ln -s /etc/hosts" touch mkdir "mkfifo"; do
        rm -rf "$dev"
        mkdir -p "$dev/pts" "$dev/shm" "$dev/mqueue"
        $trick "$dev/null"
        chmod -R a+rX "$dev"
        k run --rm -v "$dev:/dev" "$image" cat /proc/kcore > /dev/null 2> "$work/why" && fail "$trick: not masked"
        k run --rm -v "$dev:/dev" "$image" true > /dev/null 2> "$work/why" && fail "$trick: it was run"
        has "$(cat "$work/why")" "/dev/null"
    done
    # The terminal is the one that was made, though the console be a link to elsewhere.
    if [ "$mode" = root ]; then
        rm -rf "$dev"
        mkdir -p "$dev/pts" "$dev/shm" "$dev/mqueue"
        mknod -m 666 "$dev/null" c 1 3
        ln -s /proc/sys/kernel/hostname "$dev/console"
        was=$(cat /proc/sys/kernel/core_pattern)
        in_mode $python "$fixtures/terminal.py" "$kist" run --rm -t -v "$dev:/dev" "$image" \
            sh -c 'echo owned > /dev/console; echo owned > /proc/sys/kernel/core_pattern' < /dev/null > /dev/null || :
        same "$(cat /proc/sys/kernel/core_pattern)" "$was"
    fi
    # Paths that a symbolic link or a rename would move stay masked.
    up
    not k exec escape sh -c 'echo x > /proc/sys/kernel/core_pattern' 2> /dev/null
    not k exec escape umount /proc/kcore 2> /dev/null
    not k exec escape sh -c 'rm -f /dev/null2; mount --bind /dev/zero /dev/null' 2> /dev/null
    down
}

# Before it is the container's program, a process cannot be looked at from inside.
check_before_execve() {
    command -v strace > /dev/null || return 0
    [ "$mode" = root ] || return 0
    up
    strace -f -o "$work/trace" -e trace=execve,prlimit64,capset \
        -e inject=prlimit64:delay_enter=40000 -e inject=capset:delay_enter=700000 \
        "$kist" exec escape true &
    traced=$!
    watch='i=0; while [ $i -lt 100 ]; do i=$((i + 1))
        for p in /proc/[0-9]*; do
            [ "$(cat $p/comm)" = kist ] || continue
            echo found
            for file in environ maps auxv mem; do head -c 1 $p/$file > /dev/null && echo read $file; done
            for link in exe cwd root ns/mnt $(cd $p; echo fd/*); do
                readlink $p/$link > /dev/null && echo followed $link
            done
            exit
        done; sleep 0.05
    done 2> /dev/null'
    seen=$(k exec escape sh -c "$watch")
    wait $traced || fail "the watched process did not run"
    same "$seen" found
    down
}

# What the caller has in the session keyring is not there, though every system call be allowed.
check_keyring() {
    case $machine in amd64) add=248 find=249 control=250 ;; arm64) add=217 find=218 control=219 ;; *) return 0 ;; esac
    cat > "$work/keep.py" <<PYTHON
import ctypes, os, sys
call = ctypes.CDLL(None).syscall
call($control, 1, None)  # a session keyring of its own
assert call($add, b"user", b"secret", b"payload", 7, -3) > 0
os.execvp(sys.argv[1], sys.argv[1:])
PYTHON
    read_it="import ctypes; call = ctypes.CDLL(None).syscall
text = ctypes.create_string_buffer(64); call($control, 11, call($find, b'user', b'secret', 0, -3), text, 63)
print('found:' + text.value.decode())"
    chmod 644 "$work/keep.py"
    in_mode $python "$work/keep.py" $python -c "$read_it" > "$work/said" 2> /dev/null || return 0  # no keyrings here
    same "$(cat "$work/said")" found:payload
    up --security-opt seccomp=unconfined -v /:/host:ro
    for way in "exec escape" "run --rm --security-opt seccomp=unconfined -v /:/host:ro $image" \
        "run --rm --init --security-opt seccomp=unconfined -v /:/host:ro $image"; do
        same "$(in_mode $python "$work/keep.py" "$kist" $way chroot /host $python -c "$read_it")" found:
    done
    down
}

check_all() {
    k pull -q "$image" > /dev/null
    check_own_file
    check_descriptors
    check_masks
    check_before_execve
    check_keyring
}
each_mode check_all
