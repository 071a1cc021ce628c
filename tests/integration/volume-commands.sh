#!/bin/sh
# volume-commands.sh - volume create, ls, inspect, rm, prune, export and import.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

registry_start http
push_image "$(fixture volumes)" volumes
image=$registry/volumes

store() { case $mode in root) echo "$KIST_ROOT" ;; *) echo "$work/$mode/home/.local/share/kist" ;; esac; }
run() { k run --rm "$@" 2>/dev/null; }

made() {
    same "$(k volume create first)" first
    same "$(k volume create first)" first
    same "$(k volume create --label colour=red --label plain -d local second)" second
    id=$(k volume create)
    same "$(echo "$id" | grep -cE '^[0-9a-f]{64}$')" 1
    same "$(k volume ls -q | sort)" "$(printf '%s\nfirst\nsecond' "$id" | sort)"
    has "$(k volume ls)" "DRIVER   VOLUME NAME"
    same "$(k volume ls --format '{{.Name}} {{.Labels}} {{.Label "colour"}}' -f name=second)" \
        "second colour=red,plain= red"
    same "$(k volume ls -q --filter label=colour)" second
    same "$(k volume ls -q --filter label=colour=blue)" ''
    same "$(k volume ls -q --filter name=first --filter name=second | wc -l)" 2
    same "$(k volume ls -q --filter driver=nfs)" ''
    ends_with 1 k volume ls --filter colour=red
    has "$output" dangling
    same "$(k volume inspect --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Labels.colour}} {{.Anonymous}}' second)" \
        "second local local red false"
    same "$(k volume inspect -f '{{.Mountpoint}}' first)" "$(store)/volumes/first/_data"
    same "$(k volume inspect -f '{{.Anonymous}}' "$id")" true
    same "$(k volume inspect first second | $python -c 'import json, sys
for each in json.load(sys.stdin): print(each["Name"], each["Labels"], each["CreatedAt"][:2])')" "first {} 20
second {'colour': 'red', 'plain': ''} 20"
    ends_with 1 k volume inspect first nobody
    has "$output" '"Name": "first"'
    has "$output" 'no volume "nobody"'
    for name in ../x /x a/b .. . -x x "$(printf 'a\nb')"; do
        ends_with 1 k volume create -- "$name"
        ends_with 1 k volume rm -- "$name"
        has "$output" "volume's name"
    done
    ends_with 1 k volume create -d nfs x2
    ends_with 1 k volume create -o type=nfs -o device=:/x x2
    has "$output" "type=tmpfs"
    same "$(k volume ls -q | wc -l)" 3
}

removed() {
    k run --name user -v first:/f "$image" true 2>/dev/null
    ends_with 1 k volume rm first second
    has "$output" 'in use by user'
    has "$output" second
    same "$(k volume ls -q | wc -l)" 3  # that of the image came, second went
    ends_with 1 k volume rm nobody
    same "$(k volume rm -f nobody)" nobody
    # The container's volumes are used, whether it runs or not; dangling is what nobody uses.
    same "$(k volume ls -q -f dangling=true)" "$id"
    has "$(k volume ls -q -f dangling=false)" first
    k volume create loose > /dev/null
    k volume create --label keep=1 kept > /dev/null
    ends_with 1 k volume prune < /dev/null
    has "$output" --force
    has "$(k volume prune -f)" "$id"
    same "$(k volume ls -q | grep -c -e loose -e kept -e first)" 3
    has "$(k volume prune -f -a --filter label!=keep)" loose
    same "$(k volume ls -q | grep -c -e kept -e first)" 2
    k volume prune --force --filter all=1 > "$work/said"
    has "$(cat "$work/said")" "Deleted Volumes:
kept

Total reclaimed space: "
    k rm user > /dev/null
    k volume prune -f > /dev/null
    same "$(k volume rm first)" first
    same "$(k volume ls -q)" ''
    same "$(in_mode ls -A "$(store)/volumes")" .lock
}

options() {
    k volume create -o type=tmpfs -o device=tmpfs -o o=size=2m,mode=1770 scratch > /dev/null
    has "$(run -v scratch:/s "$image" grep ' /s ' /proc/mounts)" size=2048k
    same "$(k volume inspect -f '{{.Options.o}}' scratch)" size=2m,mode=1770
    in_mode mkdir -p "$work/$mode/home/device"
    in_mode sh -c "echo host > '$work/$mode/home/device/file'"
    k volume create -o type=none -o o=bind -o "device=$work/$mode/home/device" bound > /dev/null
    same "$(run -v bound:/b "$image" cat /b/file)" host
    not k run --rm -v bound:/b:ro "$image" touch /b/x 2>/dev/null
    k volume create -o type=none -o o=bind,ro -o "device=$work/$mode/home/absent" gone > /dev/null
    ends_with 125 k run --rm -v gone:/b "$image" true
    has "$output" "$work/$mode/home/absent"
    ends_with 1 k volume export scratch
    has "$output" tmpfs
    k volume export bound | tar -xOf - file > "$work/said"
    same "$(cat "$work/said")" host
    run --mount "source=made,target=/m,volume-opt=type=tmpfs,volume-label=a=b" "$image" true
    same "$(k volume inspect -f '{{.Labels.a}} {{.Options.type}}' made)" "b tmpfs"
    k volume rm scratch bound gone made > /dev/null
    [ -e "$work/$mode/home/device/file" ] || fail "rm removed what is the host's"
}

list='cd /v; find . | sort | xargs stat -c "%n %F %u:%g %a %h %Y %s" | grep -v "directory.*[0-9]*$"
find . -type d | sort | xargs stat -c "%n %u:%g %a"; readlink link; cat $(find . -type f | sort) | sha256sum'

archived() {
    run -v from:/data "$image" sh -c 'mknod /data/pipe p; touch /data/.wh.odd; rm /data/sub/none 2>/dev/null; :'
    run -v from:/v "$image" sh -c "$list" > "$work/before"
    [ "$(wc -l < "$work/before")" -gt 300 ] || fail "nothing to export"
    k volume export from > "$work/plain.tar"
    k volume export -o "$work/$mode/home/file.tar" from
    in_mode cat "$work/$mode/home/file.tar" | cmp - "$work/plain.tar" || fail "export to a file"
    gzip -k "$work/plain.tar"
    for way in 'k volume import to' 'k volume import to -'; do
        k volume create to > /dev/null
        $way < "$work/plain.tar" || fail "$way"
        run -v to:/v "$image" sh -c "$list" > "$work/after"
        diff "$work/before" "$work/after" || fail "import by $way"
        k volume rm to > /dev/null
    done
    cp "$work/plain.tar.gz" "$work/$mode/home/packed"
    chmod 644 "$work/$mode/home/packed"
    k volume create to > /dev/null
    run -v to:/v "$image" sh -c 'echo mine > /v/own; echo old > /v/1'
    k volume import to "$work/$mode/home/packed" || fail "import of a file"
    same "$(run -v to:/v "$image" cat /v/own)" mine
    run -v to:/v "$image" sh -c 'rm /v/own'
    run -v to:/v "$image" sh -c "$list" | grep -v ' pipe\|^\. ' > "$work/after"
    grep -v ' pipe\|^\. ' "$work/before" | diff - "$work/after" || fail "import of a file"
    not_spoilt volume export to
    # An empty volume that something was imported into is not filled from an image.
    same "$(run -v to:/declared "$image" sh -c 'ls /declared | grep -c seed')" 0
    ends_with 1 k volume import nobody "$work/$mode/home/packed"
    has "$output" 'no volume "nobody"'
    ends_with 1 k volume export nobody
    echo junk > "$work/$mode/home/junk"
    chmod 644 "$work/$mode/home/junk"
    ends_with 1 k volume import to "$work/$mode/home/junk"
    rm "$work/plain.tar" "$work/plain.tar.gz"
    k volume rm from to > /dev/null
}

# Who exports or imports it does not hold up containers, nor each other.
held() {
    k volume create held > /dev/null
    run -v held:/v "$image" sh -c 'echo mine > /v/own; head -c 300000 /dev/urandom > /v/big'
    mkfifo "$work/hold"
    for way in export import; do
        case $way in
            export) k volume export held > "$work/hold" & exec 5< "$work/hold" ;;
            import) k volume import held < "$work/hold" & exec 5> "$work/hold" ;;
        esac
        holder=$!
        eventually 5 grep -q "FLOCK.*:$(in_mode stat -c %i "$(store)/volumes/held") " /proc/locks
        same "$(in_mode timeout 20 "$kist" run --rm -v held:/v "$image" cat /v/own)" mine
        ends_with 1 k volume rm held
        has "$output" "just being"
        k volume create --label sweep=1 swept > /dev/null
        has "$(k volume prune -fa --filter label!=x)" swept
        k volume inspect held > /dev/null
        [ $way = export ] || tar -cf - -C "$work" hold >&5
        exec 5>&- 5<&-
        wait $holder || [ $way = export ] || fail "the import failed"
    done
    rm "$work/hold"
    { k volume export held; sleep 1; } | in_mode timeout 20 "$kist" volume import held
    same "$(k volume rm held)" held
}

# A record that cannot be understood is not taken for none.
damaged() {
    k volume create --label a=b spoilt > /dev/null
    in_mode sh -c "echo '{\"ver' > '$(store)/volumes/spoilt/volume.json'"
    ends_with 125 k run --rm -v spoilt:/v "$image" true
    has "$output" "damaged"
    has "$output" "volume rm spoilt"
    same "$(in_mode cat "$(store)/volumes/spoilt/volume.json")" '{"ver'
    same "$(k volume rm spoilt)" spoilt
}

# An archive cannot write elsewhere, neither by its names nor through links that it or a container made.
hostile() {
    k volume create trap > /dev/null
    run -v trap:/v "$image" sh -c 'ln -s /tmp /v/out; ln -s ../../../../../../../../tmp /v/up'
    $python - "$work/$mode/home/hostile.tar" "$mode" <<'PYTHON'
import io, sys, tarfile
tar = tarfile.open(sys.argv[1], "w")
for name in "out/kist-trap", "up/kist-trap":
    info = tarfile.TarInfo(name)
    info.size = 1
    tar.addfile(info, io.BytesIO(b"x"))
tar.close()
PYTHON
    chmod 644 "$work/$mode/home/hostile.tar"
    k volume import trap "$work/$mode/home/hostile.tar" 2>/dev/null || :
    [ ! -e /tmp/kist-trap ] || fail "an archive wrote to the host"
    k volume rm trap > /dev/null
}

disk() {
    k volume create counted > /dev/null
    run -v counted:/data "$image" true
    same "$(k system df --format '{{.Type}} {{.TotalCount}} {{.Active}}' | grep Vol)" "Local Volumes 1 0"
    not [ "$(k system df --format '{{.Type}} {{.Size}}' | grep Vol)" = "Local Volumes 0B" ]
    k volume rm counted > /dev/null
    k events --since 1h --until 0s --filter type=volume --format '{{.Action}} {{.Actor.ID}}' > "$work/said"
    for event in create mount destroy; do
        grep -qx "$event counted" "$work/said" || fail "no event $event"
    done
}

check() {
    user_prepare "$mode"
    made
    removed
    options
    archived
    held
    damaged
    hostile
    disk
}
each_mode check
