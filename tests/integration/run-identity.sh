#!/bin/sh
# run-identity.sh - user, groups, directory, names, environment: the flags about who and where.
. "$(dirname "$0")/box.sh"

check() {
    same "$(k run --rm "$image" id -u)" 0
    same "$(k run --rm -w /made/up "$image" pwd)" /made/up
    ends_with 125 k run --rm -w relative "$image" pwd
    same "$(k run --rm -h box7 "$image" hostname)" box7
    has "$(k run --rm -h box7 --network none "$image" cat /etc/hosts)" box7
    [ "$(k run --rm "$image" hostname)" != "$(hostname)" ] || fail "the host's name is seen"
    has "$(k run --rm --add-host db:10.1.2.3 "$image" cat /etc/hosts)" "10.1.2.3"
    # The resolver of a network asks the server that was named.
    for server in host:192.0.2.53 bridge:127.0.0.11; do
        same "$(k run --rm --network ${server%:*} --dns 192.0.2.53 --dns-search corp.test "$image" \
            cat /etc/resolv.conf | grep -v '^#' | sort)" "nameserver ${server#*:}
search corp.test"
    done

    same "$(FROM_HERE=yes k run --rm -e FROM_HERE -e A=1 -e 'B=two words' -e UNSET_HERE "$image" \
        sh -c 'echo $FROM_HERE $A "$B" ${UNSET_HERE-unset}')" "yes 1 two words unset"
    printf '# comment\nFILE=one\nOTHER=a=b # not a comment\nHOSTED\n' > "$work/env"
    chmod 644 "$work/env"
    same "$(HOSTED=h k run --rm --env-file "$work/env" -e FILE=wins "$image" \
        sh -c 'echo "$FILE|$OTHER|$HOSTED"')" "wins|a=b # not a comment|h"
    ends_with 125 k run --rm --env-file /no/such "$image" true
    has "$output" /no/such
    same "$(k run --rm "$image" sh -c 'echo $HOME $PATH')" "/root /bin"
    same "$(k run --rm "$image" env | grep -c HOSTNAME)" 1
    same "$(k run --rm --umask 0077 "$image" sh -c umask)" 0077
    same "$(k run --rm --tz local "$image" true; echo $?)" 0
    same "$(k run --rm --ulimit nofile=123:456 "$image" sh -c 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ')" "123 456 "
    same "$(k run --rm --oom-score-adj 500 "$image" cat /proc/self/oom_score_adj)" 500
}
check_users() {
    same "$(k run --rm -u app "$image" id -un)" app
    same "$(k run --rm -u app "$image" sh -c 'echo $HOME')" /home/app
    same "$(k run --rm -u 1000 "$image" id -u)" 1000
    same "$(k run --rm -u 4242 "$image" sh -c 'id -u; echo $HOME' | tr '\n' ' ')" "4242 / "
    [ "$mode" = single ] && return  # one id only: no groups to choose
    same "$(k run --rm -u app "$image" id -G | tr ' ' '\n' | sort -n | tr '\n' ' ')" "44 50 1000 "
    same "$(k run --rm -u app:staff "$image" id -g)" 50
    same "$(k run --rm -u 1000:7 "$image" sh -c 'id -u; id -g' | tr '\n' ' ')" "1000 7 "
    has " $(k run --rm --group-add video --group-add 4711 "$image" id -G) " " 44 "
    has " $(k run --rm --group-add video --group-add 4711 "$image" id -G) " " 4711 "
    ends_with 125 k run --rm --group-add no-such-group "$image" true
    has "$output" no-such-group
}
check_all() {
    check
    check_users
}
each_mode check_all
