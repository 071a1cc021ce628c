#!/bin/sh
# networks.sh - network create, ls, inspect, rm, prune, connect and disconnect, and what is on record of a
# container's networks and ports.  Little runs on these networks.
. "$(dirname "$0")/box.sh"
need_root

made() {
    id=$(k network create web)
    same "$(echo "$id" | grep -cE '^[0-9a-f]{64}$')" 1
    k network create -d bridge --subnet 10.44.0.0/16 --ip-range 10.44.7.0/24 --gateway 10.44.0.9 --internal \
        --label tier=db --label plain -o com.docker.network.bridge.enable_icc=false back > /dev/null
    k network create --ipv6 six > /dev/null
    k network create --subnet 10.45.0.0/24 --subnet fd00:45::/64 --gateway fd00:45::ff both > /dev/null
    has "$(k network ls)" "NETWORK ID     NAME     DRIVER   SCOPE"
    same "$(k network ls --format '{{.Name}}/{{.Driver}}/{{.Scope}}' | tr '\n' ' ')" \
        "back/bridge/local both/bridge/local bridge/bridge/local \
host/host/local none/null/local six/bridge/local web/bridge/local "
    same "$(k network ls -q --no-trunc -f name=web)" "$id"
    same "$(k network ls -q -f name=web)" "$(echo "$id" | cut -c1-12)"
    same "$(k network list --format '{{.Name}} {{.Internal}} {{.IPv6}} {{.Label "tier"}} {{.Labels}}' -f label=tier)" \
        "back true false db tier=db,plain="
    same "$(k network ls -q -f type=builtin | wc -l)" 3
    ends_with 1 k network ls -f colour=red
    has "$output" dangling
    all='{{.Name}} {{.Scope}} {{.Driver}} {{.Internal}} {{.EnableIPv6}} {{len .Containers}}'
    same "$(k network inspect -f "$all" back)" "back local bridge true false 0"
    same "$(k network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.IPRange}} {{.Gateway}}{{end}}' back)" \
        "10.44.0.0/16 10.44.7.0/24 10.44.0.9"
    same "$(k network inspect -f '{{index .Options "com.docker.network.bridge.enable_icc"}} {{.Labels.tier}}' back)" \
        "false db"
    same "$(k network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{end}}' both)" \
        "10.45.0.0/24 10.45.0.1 fd00:45::/64 fd00:45::ff "
    same "$(k network inspect -f '{{(index .IPAM.Config 1).Subnet}}' six | grep -c '^fd.*::/64$')" 1
    same "$(k network inspect -f '{{.Id}}' "$(echo "$id" | cut -c1-10)")" "$id"
    same "$(k network inspect -f '{{.Driver}}' bridge host none | tr '\n' ' ')" "bridge host null "
    same "$(k inspect -f '{{.Id}}' --type network web)" "$id"
    same "$(k network inspect web back | $python -c 'import json, sys
for each in json.load(sys.stdin): print(each["Name"], each["Created"][:2], each["Containers"])')" "web 20 {}
back 20 {}"
    ends_with 1 k network inspect web nobody
    has "$output" '"Name": "web"'
    has "$output" 'no network "nobody"'
    [ -z "$(ip -o link show type bridge)" ]  # until somebody comes
}

refused() {
    for wrong in bridge host none default web; do ends_with 1 k network create "$wrong"; done
    for wrong in ../x a/b . -x "$(printf 'a\nb')"; do
        ends_with 1 k network create -- "$wrong"
        has "$output" "network's name"
    done
    while read -r words; do
        # shellcheck disable=SC2086
        ends_with 1 k network create $words wrong
        has "$output" "$(echo "$words" | sed -n 's/.*\(--[a-z-]*\) [^ ]*$/\1/p')"
    done <<'WORDS'
--subnet 10.44.3.0/24
--subnet 10.46.0.1/24
--subnet 10.46.0.0/24 --ip-range 10.47.0.0/25
--subnet 10.46.0.0/24 --gateway 10.47.0.1
--gateway 10.47.0.1
--ip-range 10.47.0.0/25
--driver macvlan
--opt colour=red
WORDS
    ends_with 1 k network create -o com.docker.network.driver.mtu=99999999 wrong
    has "$output" '68 to 65535'
    ends_with 1 k network create --subnet 10.46.0.0/32 wrong
    has "$output" 'for example'
    same "$(k network ls -q | wc -l)" 7
    k network create x > /dev/null
    k run --rm --network x "$image" true
    k network rm x
    lacks "$(ls -A "$(volatile)/locks")" firewall-br-
}

# An address that this machine has a route to is nobody's subnet.
routes_avoided() {
    ip link add dummy0 type bridge
    ip address add 10.91.0.1/24 dev dummy0
    ip link set dummy0 up
    ip route add 10.89.0.0/16 dev dummy0
    ip route add 10.90.0.0/16 dev dummy0
    k network create aside > /dev/null
    same "$(k network inspect -f '{{(index .IPAM.Config 0).Subnet}}' aside)" 10.91.1.0/24
    across=$(k network create --subnet 10.90.7.0/24 across 2>&1)
    case $mode in
        root) has "$across" "10.90.7.0/24 overlaps this machine's route to 10.90.0.0/16" ;;
        *) lacks "$across" overlaps ;;
    esac
    ip link del dummy0
    same "$(k network rm aside across)" "aside
across"
}

on_record() {
    k create --name one --network web:alias=uno --network back:ip=10.44.0.20 --network-alias eins \
        --mac-address 02:00:00:00:00:01 -p 8080:80 -p 127.0.0.1::53/udp --expose 9000 --dns-option ndots:2 \
        "$image" true > /dev/null
    same "$(k inspect -f '{{.HostConfig.NetworkMode}} {{json .HostConfig.PortBindings}}' one)" \
        'web {"80/tcp":[{"HostIp":"","HostPort":"8080"}],"53/udp":[{"HostIp":"127.0.0.1","HostPort":""}]}'
    same "$(k inspect -f '{{with .NetworkSettings}}{{json .Networks.web.Aliases}} {{.IPAddress}}|{{json .Ports}}
{{.Networks.back.IPAMConfig.IPv4Address}}{{end}}' one)" '["uno","eins"] |{}
10.44.0.20'
    same "$(k inspect -f '{{json .Config.ExposedPorts}} {{.HostConfig.DnsOptions}}' one)" '{"9000/tcp":{}} [ndots:2]'
    same "$(k ps -a --format '{{.Names}} {{.Networks}} {{.Ports}}|' -f network=back)" "one web,back |"
    same "$(for each in publish=80 publish=81 expose=9000; do k ps -aq -f $each | wc -l; done | tr -d '\n')" 101
    same "$(k port one)" ''
    ends_with 1 k port one 80
    has "$output" 'port 80/tcp of container "one" is not published'
    k create --name two --network "container:one" "$image" true > /dev/null
    same "$(k inspect -f '{{.HostConfig.NetworkMode}}' two)" "container:$(k inspect -f '{{.Id}}' one)"
    k create --name three --network "$(k network ls -q -f name=web)" "$image" true > /dev/null
    same "$(k ps -a --format '{{.Networks}}' -f name=three)" web

    ends_with 125 k run --network nobody "$image" true
    has "$output" 'no network "nobody"'
    ends_with 125 k run --network web --ip 10.99.0.1 "$image" true
    has "$output" 'subnet of network "web"'
    ends_with 125 k run --network web --ip6 fd00::1 "$image" true
    has "$output" 'has no IPv6'
    ends_with 125 k run --network-alias foo "$image" true
    has "$output" 'network "bridge" knows no names'
    ends_with 125 k run --network container:nobody "$image" true
    has "$output" 'no container "nobody"'
    ends_with 125 k run --network web --network "$(k network ls -q -f name=web)" "$image" true
    has "$output" 'given twice'
    k create --name plain -p 80:80 "$image" true > /dev/null
    same "$(k inspect -f '{{.HostConfig.NetworkMode}} {{json .HostConfig.PortBindings}}' plain)" \
        'bridge {"80/tcp":[{"HostIp":"","HostPort":"80"}]}'
    same "$(k ps -a --format '{{.Networks}}' -f name=plain)" bridge
    k run --rm --network host -p 80:80 "$image" true 2> "$work/said"
    has "$(cat "$work/said")" 'changes nothing with --network host'
}

changed() {
    k network connect --alias also --ip6 fd00:45::7 both three
    both='{{with .NetworkSettings.Networks.both}}{{.Aliases}} {{.IPAMConfig.IPv6Address}}{{end}}'
    same "$(k inspect -f "$both" three)" "[also] fd00:45::7"
    same "$(k ps -a --format '{{.Networks}}' -f name=three)" web,both
    ends_with 1 k network connect both three
    has "$output" 'already'
    ends_with 1 k network connect --ip 1.2.3 six three
    has "$output" '--ip'
    ends_with 1 k network connect six two  # another's network
    ends_with 1 k network connect --ip 1.2.3.4 six three
    has "$output" 'gets one that is free'
    ends_with 1 k network connect --alias also bridge three
    has "$output" 'knows no names'
    ends_with 1 k network connect host three
    has "$output" '"host" is for containers that are made for it'
    k network disconnect web three
    same "$(k ps -a --format '{{.Networks}}' -f name=three)" both
    ends_with 1 k network disconnect web three
    k network disconnect -f web three
    ends_with 1 k network disconnect web nobody
}

removed() {
    ends_with 1 k network rm web six
    has "$output" 'network "web" is in use by one'
    has "$output" six
    same "$(k network ls -q -f name=six | wc -l)" 0
    ends_with 1 k network rm bridge
    has "$output" 'there always'
    ends_with 1 k network rm nobody
    same "$(k network rm -f nobody)" nobody
    same "$(k network ls --format '{{.Name}}' -f dangling=true)" ''
    k network create --label keep=1 kept > /dev/null
    k network create loose > /dev/null
    ends_with 1 k network prune < /dev/null
    has "$output" --force
    has "$(k network prune -f --filter label!=keep)" "
loose"
    has "$(k system prune -f)" kept  # and the containers, which do not run
    same "$(k network ls --format '{{.Name}}' -f type=custom | sort | tr '\n' ' ')" ''
}

happened() {
    said=$(k events --since 1h --until 0s --filter type=network --format '{{.Action}} {{.Actor.Attributes.name}}')
    for each in 'create web' 'connect both' 'disconnect web' 'destroy six' 'destroy loose'; do
        has "$said" "$each"
    done
}

# All of it goes, but for what is another store's.
reset() {
    k run -d --name here --network bridge "$image" sleep 1000 > /dev/null 2>&1
    if [ "$mode" != root ]; then
        k system reset -f
        same "$(k ps -aq)" ''
        return
    fi
    need nft
    other() { KIST_ROOT=$work/other KIST_STATE=$state/other k "$@"; }
    other run -d --network bridge "$image" true > /dev/null 2>&1
    same "$(ip -br link show type bridge | wc -l)" 2
    k system reset -f
    same "$(ip -br link show type bridge | grep -c kist0)" 0
    has "$(nft list tables)" 'inet kist'
    other system reset -f
    same "$(ip -br link show type bridge)" ''
    same "$(nft list tables)" ''
}

check() {
    made
    refused
    routes_avoided
    on_record
    changed
    removed
    happened
    reset
}
each_mode check
