#!/bin/sh
# save-load.sh - images go from kist to kist, and to and from other tools, without a registry.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
need skopeo python3 gzip
layout=$(fixture layered)
to() { skopeo --insecure-policy copy --quiet "oci:$layout:latest" "$1"; }

to "docker-archive:$work/docker.tar:docker.io/library/box:v1"
to "oci-archive:$work/oci.tar:docker.io/library/box:v2"
gzip -k "$work/docker.tar"
chmod 644 "$work"/*.tar*
id=$(skopeo inspect --raw "docker-archive:$work/docker.tar" | $python -c '
import json, sys
print(json.load(sys.stdin)["config"]["digest"])')

# files IMAGE: what is in it, as the container sees it.
files() {
    k run --rm "$1" sh -c 'cd / && find . -xdev ! -path "./etc/host*" ! -path ./etc/resolv.conf \
        ! -path "./dev/*" ! -path ./.dockerenv -exec stat -c "%n %A %s %u:%g" {} + | sort'
}

check() {
    # In: the forms that others write, from a file, from a pipe, packed or not.
    same "$(k load -i "$work/docker.tar")" "Loaded image: box:v1"
    same "$(k load < "$work/oci.tar")" "Loaded image: box:v2"
    same "$(k image load -q < "$work/docker.tar.gz")" "Loaded image: box:v1"
    same "$(cat "$work/docker.tar" | k load)" "Loaded image: box:v1"
    same "$(k images --no-trunc -q | sort -u)" "$id"
    files box:v1 > "$work/files"
    grep -q bin/busybox "$work/files"

    # Out and in again: another id once, then the same bytes.
    k save box:v1 > "$work/first.tar"
    k tag box:v1 registry.example/other:x
    k rmi box:v1 box:v2 > /dev/null
    same "$(k images --format '{{.Repository}}:{{.Tag}}')" registry.example/other:x
    k rmi registry.example/other:x > /dev/null
    same "$(k images -q)" ''
    same "$(k load < "$work/first.tar")" "Loaded image: box:v1"
    files box:v1 > "$work/files.again"
    cmp "$work/files" "$work/files.again" || fail "the files are others: $(diff "$work/files" "$work/files.again")"
    k save box:v1 | cmp - "$work/first.tar" || fail "what was loaded is saved otherwise"
    first=$(k images --no-trunc -q box)

    # Several images share what they have in common; an id has no name.
    k tag box:v1 box:again
    k tag box:v1 second/name:t
    k save --format oci-archive box second/name > "$work/two.tar"
    [ "$(wc -c < "$work/two.tar")" -lt "$(($(wc -c < "$work/first.tar") * 3 / 2))" ] || fail "layers are there twice"
    k image prune -af > /dev/null
    same "$(k load < "$work/two.tar" | sort | tr '\n' ' ')" \
        "Loaded image: box:again Loaded image: box:v1 Loaded image: second/name:t "
    same "$(k images --no-trunc -q | sort -u)" "$first"
    k save "$first" > "$work/unnamed.tar"
    k image prune -af > /dev/null
    same "$(k load < "$work/unnamed.tar")" "Loaded image ID: $first"
    has "$(k images)" '<none>'
    k image prune -f > /dev/null
    same "$(k images -q)" ''

    # Others read it.
    skopeo --insecure-policy copy --quiet "docker-archive:$work/first.tar" "dir:$work/dir-$mode"
    skopeo --insecure-policy copy --quiet "oci-archive:$work/two.tar:docker.io/library/box:v1" \
        "oci:$work/oci-$mode:latest"
    same "$(skopeo inspect --raw "oci-archive:$work/two.tar:docker.io/library/box:v1" | $python -c '
import json, sys
print(json.load(sys.stdin)["config"]["digest"])')" "$first"
}
each_mode check

# To a file: complete, or not at all.
mkdir "$work/out"
"$kist" load -q -i "$work/docker.tar" > /dev/null
"$kist" save -o "$work/out/a.tar" box:v1
same "$(ls -A "$work/out")" a.tar
ends_with 1 "$kist" save -o "$work/out/a.tar" nosuch
has "$output" nosuch
"$kist" save box:v1 | cmp - "$work/out/a.tar"
ends_with 1 "$kist" save -o "$work/nowhere/a.tar" box:v1
same "$(ls -A "$work/out")" a.tar
ends_with 1 "$kist" save --format tar box:v1
has "$output" oci-archive
ends_with 1 sh -c "'$kist' save box:v1 > /dev/full"
has "$output" "No space left"

# podman reads what kist writes, and the other way round.
if [ "$(id -u)" = 0 ] && command -v podman > /dev/null; then
    pod() { podman --storage-driver vfs --root "$work/pod" --runroot "$work/podrun" "$@" 2> "$work/pod.log"; }
    "$kist" tag box:v1 second/name:t
    "$kist" save box:v1 second/name > "$work/both.tar"
    "$kist" save --format oci-archive second/name > "$work/one.tar"
    pod load -i "$work/both.tar" > "$work/pod.out" || fail "podman: $(cat "$work/pod.log")"
    pod load -i "$work/one.tar" >> "$work/pod.out" || fail "podman: $(cat "$work/pod.log")"
    has "$(pod images)" docker.io/library/box
    has "$(pod images)" docker.io/second/name
    pod save -q -o "$work/pod-docker.tar" docker.io/library/box:v1
    pod save -q --format oci-archive -o "$work/pod-oci.tar" docker.io/second/name:t
    pod save -q -m -o "$work/pod-several.tar" docker.io/library/box:v1 docker.io/second/name:t
    for archive in pod-docker pod-oci pod-several; do
        "$kist" image prune -af > /dev/null
        "$kist" load -i "$work/$archive.tar" > "$work/$archive.out"
        "$kist" run --rm "$(sed -n 's/^Loaded image: //p' "$work/$archive.out" | head -1)" true
    done
    same "$(sort "$work/pod-several.out" | tr '\n' ' ')" "Loaded image: box:v1 Loaded image: second/name:t "
    same "$(cat "$work/pod-oci.out")" "Loaded image: second/name:t"
    "$kist" load -q -i "$work/docker.tar" > /dev/null
fi

# tag
ends_with 1 "$kist" tag nosuch x
ends_with 1 "$kist" tag box:v1 "x@sha256:$(printf %064d 0)"
ends_with 1 "$kist" tag box:v1 UPPER
ends_with 1 "$kist" load -i "$work/none.tar"
has "$output" none.tar
ends_with 1 "$kist" load --platform linux/s390x -i "$work/docker.tar"
has "$output" s390x
