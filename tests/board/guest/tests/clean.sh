# clean.sh - after everything nothing is left: no cgroup, no mount, no container.
same "$(k ps -aq)" ''
same "$(find $group -path '*/kist/*' -type d | head -3)" ''
same "$(grep -c overlay /proc/mounts)" 0
k rmi "$image" > /dev/null
case $who in root) store=${KIST_ROOT:-/data/kist} ;; *) store=/data/pi/kist ;; esac
same "$(find "$store"/layers "$store"/staging "$store"/references -mindepth 1 | head -3)" ''
