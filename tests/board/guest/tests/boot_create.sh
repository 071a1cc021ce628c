# boot_create.sh - the first boot of a board: containers that are to come back with the next one.
for user in 0 1000; do
    eventually 30 test -e /run/kist-$user/booted
done
as_pi $kist pull -q "$image" || fail "pi's pull"
$kist pull -q "$image" || fail "root's pull"
# It ends when it is told to: process 1 of a container has no default for SIGTERM.
stays='trap "exit 0" TERM; cat /proc/uptime; sleep 100000 & wait'
health="--health-cmd true --health-interval 5s --health-start-interval 1s"

# Created only: the policy is enough.
$kist create --name base --restart always $health "$image" sh -c "$stays" || fail "create base"
$kist create --name web --restart unless-stopped --requires base $health "$image" sh -c "$stays" || fail "create web"
$kist run -d --name worker --restart on-failure $health "$image" sh -c "$stays" || fail "run worker"
$kist run -d --name once "$image" sleep 100000 || fail "run once"
$kist run -d --name unwanted --restart unless-stopped "$image" sleep 100000 || fail "run unwanted"
$kist stop -t 1 unwanted || fail "stop unwanted"
as_pi $kist run -d --name pis --restart always -m 48m "$image" sh -c "$stays" || fail "run pis"
same "$($kist ps --format '{{.Names}}' | sort | tr '\n' ' ')" "once worker "
same "$(as_pi $kist ps --format '{{.Names}}')" pis
sync
