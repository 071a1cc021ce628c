#!/bin/sh
# ps.sh - containers are listed with docker's filters, fields and words for their states.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture busybox)" box
push_image "$(fixture small)" other
image=$registry/box

names() { k ps --format '{{.Names}}' "$@" | sort | tr '\n' ' '; }
status_of() { k ps -a -f name="$1" --format '{{.Status}}'; }
has_status() { case "$(status_of "$1")" in $2) ;; *) return 1 ;; esac; }

was_restarted() { [ "$(k inspect -f '{{.RestartCount}}' "$1")" -gt 0 ]; }

check() {
    same "$(k ps -q)" ''
    has "$(k ps)" "CONTAINER ID   IMAGE"
    k create --name made --label tier=front "$registry/other" > /dev/null
    k run --name ended --network host --label tier=back --label com.x=y "$image" sh -c 'exit 4' || :
    k run -d --name up --label tier=front --network none -v /proc/version:/version:ro "$image" \
        sh -c 'echo hello > /file; sleep 300' > /dev/null
    k run -d --name looping --restart always "$image" sh -c 'sleep 0.1; exit 5' > /dev/null

    # Which are shown.
    eventually 10 has_status looping 'Restarting (5) *'
    has "$(names)" "up "
    lacks "$(names)" ended
    same "$(names -a)" "ended looping made up "
    same "$(k ps -l --format '{{.Names}}')" looping
    same "$(k ps -n 2 --format '{{.Names}}' | tr '\n' ' ')" "looping up "
    same "$(k ps -aq | wc -l)" 4
    same "$(k ps -aq --no-trunc | head -1 | wc -c)" 65
    same "$(k container ls -aq | wc -l)" 4

    # Docker's words.
    same "$(status_of made)" Created
    has "$(status_of ended)" "Exited (4) "
    has "$(status_of ended)" " ago"
    has "$(status_of up)" "Up "
    same "$(k ps -a -f name=ended --format '{{.State}}')" exited
    same "$(k ps -a -f name=made --format '{{.State}}')" created

    # Filters: of one key either holds, of several all must.
    same "$(names -f status=exited)" "ended "
    same "$(names -f status=created -f status=exited)" "ended made "
    same "$(names -a -f exited=4)" "ended "
    same "$(names -a -f label=tier)" "ended made up "
    same "$(names -a -f label=tier=front)" "made up "
    same "$(names -a -f label=tier=back -f label=com.x=y)" "ended "
    same "$(names -a -f label=tier=front -f status=created)" "made "
    same "$(names -a -f name=p)" "looping up "
    same "$(names -a -f name='^p')$(names -a -f name='^/up$')" "up "
    same "$(names -a -f ancestor="$registry/other")" "made "
    same "$(names -a -f ancestor="$image")" "ended looping made up "  # the other image is made of it
    same "$(names -a -f ancestor=none/such)" ""
    same "$(names -a -f before=up)" "ended made "
    same "$(names -a -f since=ended)" "looping up "
    same "$(names -a -f volume=/version)" "up "
    same "$(names -a -f network=none)" "up "
    same "$(names -a -f id="$(k ps -q -f name=up)")" "up "
    same "$(names -a -f health=none)" "ended looping made up "
    ends_with 1 k ps -f colour=red
    has "$output" ancestor

    # Fields, for scripts.
    same "$(k ps -a -f name=ended --format '{{.Label "com.x"}} {{.Label "no"}}{{.Labels}}')" "y tier=back,com.x=y"
    has "$(k ps -f name=up --no-trunc --format '{{.Command}}')" "hello > /file; sleep 300"
    has "$(k ps -f name=up --format '{{.Mounts}} {{.Networks}}')" "/proc/version none"
    has "$(k ps -f name=up --format '{{.CreatedAt}}')" "+0000 UTC"
    has "$(k ps -f name=up --format '{{.RunningFor}}')" " ago"
    has "$(k ps -f name=up --format 'table {{.Names}}\t{{.Label "tier"}}')" "NAMES   tier"
    k ps -a --format json | $python -c 'import json, sys
rows = [json.loads(line) for line in sys.stdin]
assert len(rows) == 4 and rows[0]["Names"] == "looping" and "Label" not in rows[0], rows'
    k ps -s -f name=up | grep -q 'SIZE$'
    case $(k ps -f name=up --format '{{.Size}}') in *B\ \(virtual\ *B\)) ;; *) fail "$(k ps -s)" ;; esac
    ends_with 1 k ps --format '{{.Nmae}}'
    has "$output" "there is no .Nmae"
    has "$output" RunningFor

    # While it runs, inspect says so.
    same "$(k inspect -f '{{.State.Status}} {{.State.Running}} {{gt .State.Pid 1}}' up)" "running true true"
    same "$(k inspect -f '{{.HostConfig.NetworkMode}}' up)" none
    eventually 10 was_restarted looping

    # Nothing is published.
    same "$(k port up)" ''
    ends_with 0 k port ended
    has "$output" "host"
    ends_with 1 k port absent
    k rm -f made ended up looping > /dev/null
    same "$(k ps -aq)" ''
}
each_mode check

# A thousand are listed at once: within some seconds on any machine, however busy.
k run --name pattern "$image" true
id=$(k ps -q --no-trunc -a)
$python - "$KIST_ROOT/containers" "$id" <<'PYTHON'
import json, os, sys
root, pattern = sys.argv[1:]
spec = json.load(open(f"{root}/{pattern}/spec.json"))
state = open(f"{root}/{pattern}/state.json").read()
for i in range(1000):
    name = f"{i:064x}"
    os.mkdir(f"{root}/{name}")
    json.dump(dict(spec, id=name, name=f"c{i}"), open(f"{root}/{name}/spec.json", "w"))
    open(f"{root}/{name}/state.json", "w").write(state)
PYTHON
begin=$(date +%s)
same "$(k ps -aq | wc -l)" 1001
[ $(($(date +%s) - begin)) -le 5 ] || fail "listing takes too long"
rm -rf "$KIST_ROOT"/containers/0*
