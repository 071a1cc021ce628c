#!/bin/sh
# network-connect.sh - a container that runs is connected with networks and taken from them; networks are shared
# with container:NAME; addresses are asked for and are had once.
. "$(dirname "$0")/network.sh"
# timeout: 300
outside_begins

k network create --subnet 10.20.0.0/24 one > /dev/null
k network create --subnet 10.30.0.0/24 two > /dev/null
serve ann --network one -p 8080:80
serve bob --network two
answer ann 80
answer bob 80
not_found() { ! k exec "$1" nslookup "$2"; }

# ---- live
ends_with 1 ask ann bob 80
k network connect --alias bee one bob
has "$(ask ann bee 80)" "bob for 10.20.0."
has "$(ask ann bob 80)" "bob for"
ends_with 1 k network connect one bob
has "$output" already
hosts_of() { k exec "$1" cat /etc/hosts; }
ann=$(k exec ann hostname)
own=$(address_of ann)
k exec ann sh -c 'printf "192.0.2.9 mine" >> /etc/hosts'
before=$(hosts_of ann)
k network connect --ip 10.30.0.77 two ann
same "$(address_of ann eth1)" 10.30.0.77
same "$(hosts_of ann)" "$before
10.30.0.77	$ann"
has "$(ask bob 10.30.0.77 80)" "ann for 10.30.0."
k network disconnect one bob
eventually 5 not_found ann bee
lacks "$(k exec bob ip -o link)" eth1
ends_with 1 k network disconnect one bob
has "$output" "not on the network"
# ---- the first one goes: ports and the way out are the next one's
k network disconnect one ann
has "$(ask outside 10.99.0.1 8080)" "ann for 10.99.0.2"
k exec ann ping -c 1 -W 2 10.99.0.2 > /dev/null || fail "a has no way out"
same "$(hosts_of ann)" "$(echo "$before" | grep -v "^$own	")
10.30.0.77	$ann"
# ---- what was changed holds after a restart
k restart -t 1 ann > /dev/null
same "$(address_of ann eth0)" 10.30.0.77
answer ann 80
has "$(ask outside 10.99.0.1 8080)" "ann for 10.99.0.2"
k network connect one ann
k stop -t 1 ann
k network disconnect two ann
k start ann > /dev/null
has "$(address_of ann eth0)" 10.20.0.
k network disconnect one ann
lacks "$(k exec ann ip -o link)" eth0
k restart -t 1 ann > /dev/null  # on no network at all
lacks "$(k exec ann ip -o link)" eth0
k network connect one ann
has "$(address_of ann eth0)" 10.20.0.
answer ann 80
has "$(ask outside 10.99.0.1 8080)" "ann for 10.99.0.2"

# ---- one address, one container
serve fixed --network one --ip 10.20.0.50
same "$(address_of fixed)" 10.20.0.50
ends_with 125 k run --rm --network one --ip 10.20.0.50 "$image" true
has "$output" 10.20.0.50
ends_with 125 k run --rm --network one --ip 10.99.9.9 "$image" true
has "$output" 10.99.9.9
# Of one that does not run it is found at once, too.
k create --name later --network two "$image" true > /dev/null
serve now --network two
for name in later now; do
    for address in 10.20.0.50 10.20.0.1 10.99.9.9; do
        ends_with 1 k network connect --ip $address one $name
        has "$output" "container \"$name\": $address"
    done
    lacks "$(k inspect $name --format '{{json .NetworkSettings.Networks}}')" '"one"'
    k network connect --ip 10.20.0.51 one $name
    k rm -f $name > /dev/null
done

# ---- another's network
serve guest --network container:fixed
same "$(address_of guest)" 10.20.0.50
same "$(k exec guest cat /etc/hosts)" "$(k exec fixed cat /etc/hosts)"
same "$(k exec guest hostname)" "$(k exec fixed hostname)"
same "$(k exec guest cat /etc/resolv.conf)" "$(k exec fixed cat /etc/resolv.conf)"
answer fixed 80
has "$(ask guest 127.0.0.1 80)" "fixed for 127.0.0.1"
k stop -t 1 guest fixed > /dev/null
ends_with 1 k start guest
has "$output" "not running"
has "$output" "kist start fixed"
ends_with 125 k run --rm --network container:nobody "$image" true
has "$output" nobody

# ---- and of one who has it from a third
for network in none host; do
    serve owner-$network --network $network
    [ "$mode$network" != singlenone ] || {
        ends_with 125 k run --rm --network container:owner-none "$image" true
        has "$output" "kist check"
        continue
    }
    serve second-$network --network container:owner-$network
    same "$(k run --rm --network container:second-$network "$image" readlink /proc/self/ns/net)" \
        "$(k exec owner-$network readlink /proc/self/ns/net)"
done
k rm -f $(k ps -aq --filter name=owner --filter name=second) > /dev/null

# ---- a network that has gone
k stop -t 1 bob > /dev/null
ends_with 1 k network rm two
has "$output" "in use by bob"
rm "$(store)/networks/$(k network inspect two --format '{{.Id}}').json"
ends_with 1 k start bob
has "$output" '"two"'
has "$output" "kist network create two"
k rm -f ann bob fixed guest > /dev/null
nothing_left
