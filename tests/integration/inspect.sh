#!/bin/sh
# inspect.sh - containers and images as docker's documents, whole or through templates.
. "$(dirname "$0")/box.sh"

sh_is() { [ "$(k inspect -f '{{.State.Status}}' one)" = "$1" ]; }
field() { k inspect -f "{{$1}}" one; }

check() {
    k create --name other "$image" true > /dev/null
    k run --name one --label a=b --label com.x=y --env E=1 --cap-add NET_RAW --cap-drop CHOWN --hostname host \
        -v /proc/version:/version:ro --tmpfs /t:size=1m --ulimit nofile=10:20 --restart on-failure:3 \
        --log-opt max-size=1m --stop-timeout 7 --stop-signal USR1 --dns 127.0.0.9 --add-host n:127.0.0.8 \
        --health-cmd true --health-retries 5 --workdir /tmp --entrypoint sh --shm-size 1m --read-only \
        --requires other "$image" -c 'exit 3' || same $? 3
    eventually 20 sh_is exited
    id=$(k ps -aq --no-trunc -f name=one)
    document=$(k inspect one)
    same "$(echo "$document" | $python -c 'import json, sys
one, = json.load(sys.stdin)
host, config, state = one["HostConfig"], one["Config"], one["State"]
assert one["RestartCount"] == 3, one
assert one["Name"] == "/one" and one["Path"] == "sh" and one["Args"] == ["-c", "exit 3"], one
assert one["Image"].startswith("sha256:") and one["LogPath"].endswith("/log.json")
assert state["Status"] == "exited" and state["ExitCode"] == 3 and state["Pid"] == 0 and not state["Running"]
assert state["StartedAt"] >= one["Created"] and state["FinishedAt"] >= state["StartedAt"], state
assert not state["OOMKilled"] and not state["Paused"] and not state["Restarting"]
assert host["Binds"] == ["/proc/version:/version:ro"] and host["Tmpfs"] == {"/t": "size=1m"}, host
assert host["CapDrop"] == ["CAP_CHOWN"] and host["CapAdd"] == [], host
assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "3"}}
assert host["Ulimits"] == [{"Name": "nofile", "Hard": 20, "Soft": 10}]
assert host["Dns"] == ["127.0.0.9"] and host["ExtraHosts"] == ["n:127.0.0.8"] and host["ReadonlyRootfs"]
assert host["NetworkMode"] == "bridge" and host["ShmSize"] == 1 << 20 and not host["Privileged"]
assert config["Labels"] == {"a": "b", "com.x": "y"} and "E=1" in config["Env"]
assert config["Entrypoint"] == ["sh"] and config["Cmd"] == ["-c", "exit 3"]
assert config["Hostname"] == "host" and config["WorkingDir"] == "/tmp" and config["StopTimeout"] == 7
assert config["StopSignal"] == "USR1" and config["Healthcheck"]["Test"] == ["CMD-SHELL", "true"]
assert config["Healthcheck"]["Retries"] == 5 and config["Healthcheck"]["Interval"] == 30 * 10 ** 9
bind, tmpfs = one["Mounts"]
assert bind["Source"] == "/proc/version" and bind["Destination"] == "/version" and not bind["RW"]
assert tmpfs["Type"] == "tmpfs" and tmpfs["RW"] and one["Requires"] == ["other"]
print("good")')" good
    case $mode in root) same "$(field .IdMapTier)" root ;; *) has "$(field .IdMapTier)" "$mode" ;; esac
    same "$(field .Id)" "$id"
    same "$(k inspect -f '{{.Id}}' "$(echo "$id" | cut -c1-10)")" "$id"
    same "$(field 'index .Config.Labels "com.x"')" y
    same "$(k inspect -f '{{range .Mounts}}{{.Type}}:{{.RW}} {{end}}' one)" "bind:false tmpfs:true "
    same "$(k inspect -f '{{if .State.Running}}up{{else}}down {{.State.ExitCode}}{{end}}' one)" "down 3"
    same "$(k inspect --format json one | grep -c .)" 1
    same "$(k container inspect -s -f '{{gt .SizeRootFs .SizeRw}}' one)" true
    ends_with 1 k inspect -f '{{.Statee}}' one
    has "$output" "there is no .Statee"
    has "$output" "State, "
    ends_with 1 k inspect -f '{{.State.Foo}}' one
    has "$output" "in .State"

    # Of several, those that are there are shown; the others are named.
    ends_with 1 k inspect -f '{{.Id}}' absent one missing
    has "$output" "$id"
    has "$output" absent
    has "$output" missing
    same "$(k inspect absent 2>/dev/null | tr -d ' \n')" '[]'

    # Images, by any name of theirs.
    imageid=$(k inspect -f '{{.Image}}' one)
    same "$(k inspect -f '{{.Id}}' "$image")" "$imageid"
    same "$(k image inspect -f "{{join .RepoTags \"\"}} {{len .RootFS.Layers}} {{.Os}}" "$imageid")" \
        "$image:latest 1 linux"
    has "$(k image inspect -f '{{index .RepoDigests 0}}' "$image")" "$image@sha256:"
    same "$(k image inspect -f '{{.Config.Cmd}}{{.Config.Healthcheck}}' "$image")" '[sh]<no value>'
    ends_with 1 k inspect --type container "$image"
    ends_with 1 k inspect --type image one
    ends_with 1 k container inspect "$image"
    ends_with 1 k inspect --type cat one
    has "$output" "container, image, volume and network"

    # Volumes.
    k volume create --label l=m disk > /dev/null
    same "$(k inspect -f '{{.Name}} {{.Labels.l}}' disk)" "disk m"
    same "$(k inspect --type volume -f '{{.Driver}}' disk)" local
    ends_with 1 k inspect --type container disk
    k volume rm disk > /dev/null
    k rm one other > /dev/null
}
each_mode check
