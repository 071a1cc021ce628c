#!/bin/sh
# exec.sh - another program in a running container: where and as whom it runs, its streams and its end.
. "$(dirname "$0")/box.sh"

played() { in_mode $python "$fixtures/terminal.py" "$@"; }

# up FLAG...: a container called exe that waits, started with FLAG...
up() {
    k run -d --name exe "$@" "$image" sh -c 'trap "exit 0" TERM; while :; do sleep 0.2; done' > /dev/null ||
        fail "cannot run it"
}
down() { k rm -f exe > /dev/null; }
inside() { k exec exe "$@"; }

check_place() {
    up -e KEPT=yes -w /tmp --ulimit nofile=321:654 --umask 0027 --oom-score-adj 321 -h box7
    for kind in pid ipc uts mnt net user cgroup; do
        same "$(inside readlink /proc/self/ns/$kind)" "$(inside readlink /proc/1/ns/$kind)"
    done
    same "$(inside cat /proc/self/cgroup)" "$(inside cat /proc/1/cgroup)"
    same "$(inside sh -c 'pwd; umask; ulimit -Sn; hostname; cat /proc/self/oom_score_adj' | tr '\n' ' ')" \
        "/tmp 0027 321 box7 321 "
    same "$(k exec -w / exe pwd)" /
    same "$(HERE=here k exec -e HERE -e A='a b' -e UNSET_HERE exe \
        sh -c 'echo $KEPT $HERE $A ${UNSET_HERE-unset} $HOME')" "yes here a b unset /root"
    printf 'FILED=f\n# no\nA=from-file\n' > "$work/env"
    chmod 644 "$work/env"
    same "$(k exec --env-file "$work/env" -e A=wins exe sh -c 'echo $FILED $A')" "f wins"
    # The limits are the container's, not the caller's.
    same "$( (ulimit -Sn 77; ulimit -Sc 5; k exec exe sh -c 'ulimit -Sn; ulimit -Sc') | tr '\n' ' ')" \
        "$(inside sed -n 's/^Max open files *\([0-9a-z]*\) .*/\1/p' /proc/1/limits) $(
            inside sed -n 's/^Max core file size *\([0-9a-z]*\) .*/\1/p' /proc/1/limits) "
    # As confined as the first process.
    for line in CapEff CapBnd CapInh CapAmb NoNewPrivs Seccomp; do
        same "$(inside grep "^$line:" /proc/self/status)" "$(inside grep "^$line:" /proc/1/status)"
    done
    same "$(inside sh -c 'ls /proc/self/fd | wc -l')" 4  # 0, 1, 2, and ls's own
    down
}
check_users() {
    if [ "$mode" != single ]; then
        up
        same "$(k exec -u app exe sh -c 'id -un; echo $HOME' | tr '\n' ' ')" "app /home/app "
        same "$(k exec -u app exe id -G | tr ' ' '\n' | sort -n | tr '\n' ' ')" "44 50 1000 "
        same "$(k exec -u app:staff exe id -g)" 50
        same "$(k exec -u app exe grep CapEff /proc/self/status | tr -d '\t 0')" CapEff:
        [ "$(k exec --privileged exe grep CapEff /proc/self/status)" != "$(inside grep CapEff /proc/self/status)" ] ||
            fail "--privileged gives nothing"
        ends_with 126 k exec -u no-such-user exe true
        has "$output" no-such-user
        down
    fi
    up -u app
    same "$(inside id -un)" app
    same "$(k exec exe sh -c 'echo x > /dev/stdout')" x
    if [ "$mode" = single ]; then
        ends_with 126 k exec -u root exe true
        has "$output" "only user 1000"
    else
        same "$(k exec -u root exe id -u)" 0
    fi
    down
    up --security-opt no-new-privileges --cap-drop ALL
    same "$(inside grep NoNewPrivs /proc/self/status | tr -d '\t')" NoNewPrivs:1
    same "$(inside grep CapBnd /proc/self/status | tr -d '\t0')" CapBnd:
    down
}
check_end() {
    up
    ends_with 7 inside sh -c 'exit 7'
    ends_with 137 inside sh -c 'kill -9 $$'
    ends_with 127 inside no-such-program
    has "$output" no-such-program
    ends_with 126 inside /etc/passwd
    ends_with 126 k exec -w /no/such exe true
    has "$output" /no/such
    ends_with 1 k exec -w relative exe true
    ends_with 125 k exec exe
    ends_with 1 k exec nowhere true
    has "$output" nowhere
    same "$(k exec exe sh -c 'echo out; echo err >&2' 2>/dev/null)" out
    same "$(echo piped | k exec -i exe cat)" piped
    same "$(echo piped | k exec exe cat)" ''
    same "$(head -c 3000000 /dev/zero | k exec -i exe wc -c)" 3000000
    same "$(k exec exe head -c 3000000 /dev/zero | wc -c)" 3000000
    k exec exe sh -c yes | head -1 > /dev/null
    same "$(k exec exe sh -c 'test -t 0 || test -t 1 || echo none')" none

    # In the background.
    k exec -d exe sh -c 'sleep 0.5; echo done > /left'
    not inside test -e /left
    eventually 5 k exec exe test -e /left
    k exec -d -t exe sh -c 'sleep 0.5; tty > /left-too; echo many words'
    eventually 5 k exec exe grep -q /dev/pts /left-too

    # A command that is told to end leaves its process running, and it may go on printing.
    speaker='echo begun; for i in 1 2 3 4 5 6 7 8; do echo words; sleep 0.1; done; echo over > /went-on'
    start exec exe sh -c "$speaker" > "$work/said"
    eventually 5 grep -q begun "$work/said"
    kill -TERM $runner
    code=0
    wait $runner || code=$?
    same $code 143
    eventually 5 k exec exe test -e /went-on
    down

    # What does not run.
    ends_with 1 k exec exe true
    k create --name exe "$image" true > /dev/null
    ends_with 1 k exec exe true
    has "$output" "not running"
    down
}
check_terminal() {
    up
    output=$(played --size 30x99 "$kist" exec -it exe sh <<'DIALOGUE'
expect #
send stty size
expect 30 99
send tty; ls -l $(tty) | cut -c1-3; echo $TERM
expect /dev/pts
expect crw
resize 40x120
send sleep 0.3; stty size
expect 40 120
send sleep 77
wait 0.5
key C-c
expect #
send exit 9
DIALOGUE
    ) && fail "the status is lost" || same $? 9
    # The terminal of the host is as it was.
    output=$(played sh -c "'$kist' exec -it exe true; stty -a" < /dev/null)
    has "$output" " icanon "
    # The keys that leave it running.
    output=$(played "$kist" exec -it exe sh -c 'echo ready; sleep 1; echo y > /detached; sleep 60' <<'DIALOGUE'
expect ready
key C-p
key C-q
DIALOGUE
    )
    eventually 5 k exec exe test -e /detached
    ends_with 1 k exec -it exe true < /dev/null
    down
}
# Namespaces that the container shares with the host.
check_shared() {
    for flags in "--pid host" "--userns host" "--network none" "--ipc host --uts host" "--init" "--read-only"; do
        [ "$mode-$flags" != "single---userns host" ] || continue
        up $flags
        same "$(k exec exe cat /etc/hostname >/dev/null; k exec exe echo inside)" inside
        down
    done
}
check_many() {
    up
    i=0
    while [ $i -lt 100 ]; do
        k exec exe sh -c "echo $i; exit $((i % 7))" > "$work/many.$i" 2>&1 &
        eval "many_$i=$!"
        i=$((i + 1))
    done
    i=0
    while [ $i -lt 100 ]; do
        code=0
        eval "wait \$many_$i" || code=$?
        same "$code $(cat "$work/many.$i")" "$((i % 7)) $i"
        i=$((i + 1))
    done
    down
}
check_all() {
    k pull -q "$image" > /dev/null
    check_place
    check_users
    check_end
    check_terminal
    check_shared
    check_many
}
each_mode check_all
