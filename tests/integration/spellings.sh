#!/bin/sh
# spellings.sh - docker's other spellings, what is offered while a command is typed, and what is said to mistakes.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

# Help and version by a letter; a letter that means something else keeps its meaning.
has "$("$kist" -v)" "kist "
has "$("$kist" -h)" "Commands:"
has "$("$kist" stop -h)" "Usage: kist stop"
has "$("$kist" volume -h)" "volume ls"
ends_with 125 "$kist" push somewhere
has "$output" "kist has no push"
ends_with 125 "$kist" frobnicate

# A topic is found as a command is, and is a page of the manual: none is too wide, and troff has nothing against them.
has "$("$kist" help)" "networking  "
has "$("$kist" man)" "networking (7)"
topic=$("$kist" help networking)
has "$topic" "FIREWALLS
The rules"
has "$topic" "com.docker.network.bridge.enable_icc=false"
same "$(echo "$topic" | grep -E '^\.|.{81}')" ''
ends_with 125 "$kist" help netwroking
ends_with 125 "$kist" man netwroking
if command -v groff > /dev/null && command -v col > /dev/null; then
    for page in networking run 'network create' ''; do
        "$kist" man $page > "$work/page"
        same "$(groff -ww -man -Tascii -P -c "$work/page" 2>&1 > "$work/shown")" ''
        same "$(col -b -x < "$work/shown" | grep -E '.{80}')" ''
    done
    "$kist" man networking | groff -man -Tascii -P -c | col -b -x > "$work/shown"
    has "$(head -n 1 "$work/shown")" "networking(7)"
    grep -q '^ *|web eth0|-- veth --+ *nftables table "kist": isolation,$' "$work/shown" ||
        fail "no picture in the manual: $(cat "$work/shown")"
    grep -q '^WHEN SOMETHING DOES NOT WORK$' "$work/shown" || fail "no heading in the manual"
fi

# offered WORD...: what bash offers for the last word.
"$kist" completion bash > "$work/completion"
cat > "$work/offered" <<'SCRIPT'
kist() {
    case "$*" in "volume ls -q") echo data ;; images*) echo box:1 ;; ps*) echo web ;; help*) "$program" "$@" ;; esac
}
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kist
echo "${COMPREPLY[*]}"
SCRIPT
offered() { program=$kist bash "$work/offered" "$work/completion" "$@"; }
if command -v bash > /dev/null; then
    same "$(offered kist volume rm '')" data
    same "$(offered kist image rm '')" box:1
    same "$(offered kist container rm '')" web
    same "$(offered kist rm '')" web
    same "$(offered kist exec web '')" web
    same "$(offered kist rm volume rm '')" web
    same "$(offered kist image re)" remove
    same "$(offered kist vol)" volume
    same "$(offered kist man networki)" networking
    same "$(offered kist networki)" ''
    same "$(offered kist --root = /x --debug rmi '')" box:1
    same "$(offered kist run --cpuset-c)" --cpuset-cpus
    same "$(offered kist volume ls --qu)" --quiet
    same "$(offered kist volume '' | tr ' ' '\n' | sort | uniq -d)" ''
    has " $(offered kist volume '') " " prune "
    same "$(offered kist '' | tr ' ' '\n' | sort | uniq -d)" ''
fi

need_root
registry_start http
push_image "$(fixture busybox)" box
image=$registry/box
"$kist" run --rm --net none -h=seen -e=A=b "$image" sh -c 'echo $A; hostname; ls /sys/class/net' > "$work/said"
same "$(tr '\n' ' ' < "$work/said")" "b seen lo "
has "$("$kist" run --rm --net host --add-host=box:host-gateway "$image" cat /etc/hosts)" "127.0.0.1	box"
gateway=$("$kist" network inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge)
has "$("$kist" run --rm --add-host=box:host-gateway "$image" cat /etc/hosts)" "$gateway	box"
ends_with 125 "$kist" run --rm --net none --add-host box:host-gateway "$image" true
ends_with 125 "$kist" run --rm --ip 10.88.0.9 --net host "$image" true
has "$output" "--network bridge"
ends_with 0 "$kist" run --rm -p 80:80 -P --expose 80 --network host "$image" true
has "$output" "--publish changes nothing"
ends_with 1 "$kist" system prune < /dev/null
has "$output" "stdin is no terminal"
ends_with 1 "$kist" ps --filter status=bogus
has "$output" "no such state"
"$kist" run -d --name web "$image" sleep 99 > /dev/null
ends_with 1 "$kist" update web
has "$output" "nothing is to be changed"
ends_with 0 "$kist" port web
ends_with 1 "$kist" port web 80/tcp
has "$("$kist" stats --no-stream 2>&1 > /dev/null)" "without a cgroup"

# One whose end was not recorded is no success; a damaged record is seen, and can be removed.
id=$("$kist" inspect -f '{{.Id}}' web)
"$kist" kill web > /dev/null
sed -i 's/"status": *2/"status": 1/; s/"exitCode": *137/"exitCode": 0/' \
    "$KIST_ROOT/containers/$id/state.json"
has "$("$kist" ps -a --format '{{.Status}}')" "Exited (137)"
echo '{' > "$KIST_ROOT/containers/$id/spec.json"
has "$("$kist" ps -a 2>&1)" "is damaged"
ends_with 1 "$kist" rm "$(echo "$id" | cut -c1-12)"
ends_with 0 "$kist" rm -f "$(echo "$id" | cut -c1-12)"
same "$("$kist" ps -aq 2>&1)" ''
"$kist" run --name web "$image" true
"$kist" rm web > /dev/null

# What this machine lacks is said once.
mode=single
if mode_works 2> /dev/null; then
    k run --rm "$image" true 2> "$work/said" || fail "no run in single"
    has "$(cat "$work/said")" "only your own id is mapped"
    same "$(k run --rm "$image" true 2>&1)" ''
fi
mode=root

# A store without room says where it is; what can be told of an end is told.
mkdir "$work/small"
unshare --mount --propagation private sh -eu -c '
    mount -t tmpfs -o size=3m small "$1/small"
    export KIST_ROOT=$1/small/store
    "$2" pull -q "$3"
    "$2" create --name web "$3" sleep 9
    dd if=/dev/zero of="$1/small/full" 2> /dev/null || :
    "$2" create --name other "$3" sleep 9 2>&1 && exit 1
    exit 0' sh "$work" "$kist" "$image" > "$work/said"
has "$(cat "$work/said")" "$work/small/store/"
has "$(cat "$work/said")" "system prune"
