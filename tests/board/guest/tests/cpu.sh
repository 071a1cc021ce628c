# cpu.sh - --cpus holds, and shares divide a processor.
# burn SECONDS: processor time used in that many seconds of wanting it all, in hundredths of a second.
burn='read up rest < /proc/uptime; end=$((${up%.*} + SECONDS))
    while read up rest < /proc/uptime; [ ${up%.*} -lt $end ]; do :; done
    read stat < /proc/$$/stat; set -- ${stat##*) }; echo $((${12} + ${13}))'
burn() { echo "$burn" | sed "s/SECONDS/$1/"; }

used=$(k run --rm --cpus 0.1 "$image" sh -c "$(burn 6)")
echo "6 seconds at --cpus 0.1: $used hundredths"
near "$used" 40 85
used=$(k run --rm "$image" sh -c "$(burn 3)")
near "$used" 150 320

k run --rm --cpuset-cpus 0 --cpu-shares 256 "$image" sh -c "$(burn 8)" > /tmp/small &
small=$!
k run --rm --cpuset-cpus 0 --cpu-shares 1024 "$image" sh -c "$(burn 8)" > /tmp/large || fail large
wait $small || fail small
read -r small < /tmp/small
read -r large < /tmp/large
echo "256 : 1024 shares used $small : $large hundredths"
near $((small * 100 / (small + large))) 13 29
