#!/bin/sh
# network-killed.sh - kill -9 of a monitor leaves no link, rule, address or port behind after the next command; and
# so do many containers that come and go at once.
. "$(dirname "$0")/network.sh"
# timeout: 300

k network create one > /dev/null
none_runs() { [ -z "$(k ps -q)" ]; }
before=$(ip -o link show type veth | wc -l)
for policy in no always; do
    serve web --network one -p 8080:80 --restart $policy
    answer web 80
    has "$(ask - 127.0.0.1 8080)" "web for"
    address=$(address_of web)
    kill -9 "$(monitor_of web)"
    if [ $policy = no ]; then
        eventually 10 none_runs
        nothing_left
        ends_with 1 ask - 127.0.0.1 8080
        k start web > /dev/null
    else
        eventually 10 k exec web true
    fi
    # It comes back as it was.
    same "$(address_of web)" "$address"
    answer web 80
    has "$(ask - 127.0.0.1 8080)" "web for"
    k rm -f web > /dev/null
    nothing_left
done
same "$(ip -o link show type veth | wc -l)" "$before"

# A power cut takes all that is not on disk.
serve web --network one -p 8080:80 --restart always
kill -9 "$(monitor_of web)"
if [ "$mode" = root ]; then
    eventually 10 sh -c "[ -z \"\$(ip -o link show type veth)\" ]"
    ip link delete "$(ip -o link show type bridge | awk -F ": " "{ print \$2; exit }")"
    nft delete table inet kist
else
    kill -9 $(agents)
fi
in_mode rm -rf "$(volatile)"
k boot
answer web 80
has "$(ask - 127.0.0.1 8080)" "web for"
k rm -f web > /dev/null
nothing_left "a power cut"

# What its program ends, a restart brings back.
k run -d --name again --restart always --network one -p 8080:80 "$image" sleep 1 > /dev/null
restarted() { [ "$(k inspect again --format '{{.RestartCount}}')" -ge 2 ]; }
eventually 15 restarted
k rm -f again > /dev/null
nothing_left "restarts"

# ---- many at once
count=${KIST_NETWORK_COUNT:-50}
i=0 starters=
while [ $i -lt "$count" ]; do
    k run -d --name "many$i" --network one -p 80 "$image" sleep 600 > /dev/null 2> "$work/many$i" &
    starters="$starters $!"
    i=$((i + 1))
done
for starter in $starters; do
    wait "$starter" || fail "one did not start: $(cat "$work"/many*)"
done
i=0
while [ $i -lt "$count" ]; do
    address_of "many$i"
    i=$((i + 1))
done > "$work/addresses"
same "$(grep -c '[0-9]' "$work/addresses")" "$count"
same "$(sort -u "$work/addresses" | grep -c '[0-9]')" "$count"
k exec many0 ping -c 1 -W 2 "many$((count - 1))" > /dev/null || fail "many0 cannot ping the last one"
i=0 stoppers=
while [ $i -lt "$count" ]; do
    k rm -f "many$i" > /dev/null &
    stoppers="$stoppers $!"
    i=$((i + 1))
done
for stopper in $stoppers; do
    wait "$stopper" || fail "one could not be removed"
done
nothing_left "many"
k network rm one > /dev/null
