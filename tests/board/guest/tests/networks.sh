# networks.sh - containers on networks of their own: the kernel's modules come when they are asked for; names, ports,
# isolation, ping; many come and go at once; nothing is left.
agents() { grep -lzs '^:agent' /proc/[0-9]*/cmdline | cut -d / -f 3; }
loaded() { grep -q '^bridge ' /proc/modules; }
k pull -q "$image" > /dev/null

# ---- modules: a kernel that cannot load them is said to lack them; another does so for an ordinary user, too
if ! loaded && [ -e /lib/modules ]; then
    modprobe=$(cat /proc/sys/kernel/modprobe)
    echo > /proc/sys/kernel/modprobe
    ends_with 125 k run --rm "$image" true
    has "$output" "load or build the kernel's modules"
    has "$output" "--network host"
    k check > /tmp/checked || :
    has "$(cat /tmp/checked)" "load or build the kernel's modules"
    echo "$modprobe" > /proc/sys/kernel/modprobe
    same "$(k run --rm --network host "$image" echo fine)" fine
fi
k check > /tmp/checked || :
cat /tmp/checked
if [ "$who" != root ] && ! k run --rm "$image" ping -c 1 -W 1 10.0.2.2; then
    has "$(cat /tmp/checked)" ping_group_range
    echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range
fi
k run --rm "$image" true || fail "nothing runs on the default network"
loaded || fail "whose bridge was it?"
for module in veth nf_tables; do
    grep -q "^$module " /proc/modules || fail "$module is not loaded"
done

# ---- two, a third and a fourth
serve() {
    k run -d "$@" "$image" sh -c 'trap exit TERM; while :; do sleep 1; done' > /dev/null || fail "run $*"
}
# As CGI: httpd tells it who asks.
answer() {
    k exec "$1" sh -ec 'mkdir -p /www/cgi-bin
        printf "#!/bin/sh\nwho=\${REMOTE_ADDR##*:}\nprintf \"\\r\\n%s for \${who%%]}.\"\n" "$0" > /www/cgi-bin/who
        chmod +x /www/cgi-bin/who; httpd -p 80 -h /www' "$1"
}
asks='printf "GET /cgi-bin/who HTTP/1.0\r\n\r\n" | nc -w 3 "$0" "$1"'
ask() { # CONTAINER|- HOST PORT
    if [ "$1" = - ]; then sh -c "$asks" "$2" "$3"; else k exec "$1" sh -c "$asks" "$2" "$3"; fi
}
cannot() { ! k exec "$1" sh -c "nc -w 2 $2 $3 < /dev/null" || fail "$1 reaches $2"; }
address() { k inspect -f "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}" "$@"; }
k network create one > /dev/null
k network create two > /dev/null
k network create --internal within > /dev/null
serve --name ann --network one -p 8080:80
serve --name bob --network one
serve --name tom --network two
serve --name ida --network within
serve --name ivy --network within
answer ann
answer ivy

has "$(ask bob ann 80)" "ann for $(address bob)."
k exec bob ping -c 1 -W 3 ann || fail "bob cannot ping ann"
has "$(ask - 127.0.0.1 8080)" "ann for "
has "$(ask - 10.0.2.15 8080)" "ann for 10.0.2.15."
has "$(ask tom 10.0.2.15 8080)" "ann for "
# The way out, and who has none.
k exec tom ping -c 1 -W 3 10.0.2.2 || fail "tom cannot ping the host"
k exec tom sh -c "nc -w 3 $(echo "$registry" | tr ':' ' ') < /dev/null" || fail "tom cannot reach the registry"
cannot tom "$(address ann)" 80
cannot tom "$(address ivy)" 80
has "$(ask ida ivy 80)" "ivy for $(address ida)."
cannot ida "$(address ann)" 80
cannot ida "${registry%:*}" "${registry#*:}"

# ---- what an ordinary user's agent is while nothing happens
if [ "$who" != root ]; then
    # Processor time, and how often they were woken: what has become of the pings is forgotten at its time.
    used() { for agent in $(agents); do cut -d ' ' -f 14,15 "/proc/$agent/stat"; done; }
    woken() {
        for agent in $(agents); do cat "/proc/$agent/status"; done | awk '/^vol/ { sum += $2 } END { print sum }'
    }
    sleep 2
    before=$(used) times=$(woken)
    sleep 3
    same "$(used)" "$before"
    near $(($(woken) - times)) 0 2
    memory=$(for agent in $(agents); do cat "/proc/$agent/smaps_rollup"; done |
        awk '/^Pss:/ { sum += $2 } END { print sum }')
    echo "@@ the agent of $who's networks has $memory kB" | tee -a /data/results/figures
    near "$memory" 50 2048
fi
k rm -f ann bob tom ida ivy > /dev/null

# ---- many at once
many=12
case $(uname -m)$(cat /proc/cmdline) in *uidmap=no*) ;; x86_64*) many=50 ;; esac
read -r from _ < /proc/uptime
in_mode sh -c 'for number in $(seq "$0"); do
        "$1" run -d --name "many$number" --network one -p 80 "$2" sleep 1000 > /dev/null &
    done
    wait' $many $kist "$image"
read -r to _ < /proc/uptime
same "$(k ps -q | wc -l)" $many
same "$(address $(k ps -q) | sort -u | grep -c '[0-9]')" $many
k exec many1 ping -c 1 -W 5 many$many || fail "the first does not find the last"
in_mode sh -c 'for number in $(seq "$0"); do "$1" rm -f "many$number" > /dev/null & done; wait' $many $kist
read -r end _ < /proc/uptime
echo "@@ $many containers on one network: started from $from s on to $to s, gone at $end s" |
    tee -a /data/results/figures
same "$(k ps -aq)" ''

# ---- nothing is left
gone() { [ -z "$(agents)" ]; }
eventually 20 gone
same "$(ip -o link show | grep -c ': kv')" 0
k network rm one two within > /dev/null || fail "the networks are in use"
