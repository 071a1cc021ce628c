#!/bin/sh
# load-hostile.sh - of an archive that is damaged or means ill nothing is kept, and nothing else is touched.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
need skopeo python3
skopeo --insecure-policy copy --quiet "oci:$(fixture layered):latest" "docker-archive:$work/good.tar:box:v1"

$python - "$work" <<'PYTHON'
import gzip, io, json, os, sys, tarfile
work = sys.argv[1]
good = tarfile.open(work + "/good.tar")
members = [(m, good.extractfile(m).read() if m.isfile() else b"") for m in good.getmembers()]

def write(name, change=None, before=(), mode="w"):
    with tarfile.open(f"{work}/{name}.tar", mode) as tar:
        for info, data in list(before) + members:
            info, data = (change(info, data) if change else (info, data))
            info = tarfile.TarInfo(info.name) if info.isfile() else info
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

def entry(name, data=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info, data

def flip(info, data):
    if info.name.endswith(".tar") and info.isfile():
        data = data[:600] + bytes([data[600] ^ 1]) + data[601:]
    return info, data

def huge(info, data):
    return info, data.ljust(9 << 20) if info.name == "manifest.json" else data

def deep(info, data):
    return info, b"[" * 100000 if info.name == "manifest.json" else data

def other(info, data):
    if info.name == "manifest.json":
        value = json.loads(data)
        value[0]["Layers"][0] = "../../../../etc/passwd"
        value[0]["Config"] = "/etc/hostname"
        data = json.dumps(value).encode()
    return info, data

layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    for name in ("../escaped", "/escaped", "a/../../escaped"):
        tar.addfile(entry(name)[0])
write("flipped", flip)
write("huge", huge)
write("deep", deep)
write("other", other)
write("entries", before=[entry(f"e{i}", b"") for i in range(100001)])
write("links", before=[entry(f"l{i}", kind=tarfile.SYMTYPE, link="x") for i in range(5000)])
write("documents", before=[entry(f"d{i}", b"{}") for i in range(5000)])
write("text", before=[entry(f"d{i}", b"[" + b" " * (3 << 20) + b"]") for i in range(8)])
bomb = gzip.compress(b"{" + b" " * (200 << 20))
with open(work + "/bomb.tar", "wb") as file:
    file.write(gzip.compress(b"\0" * (300 << 20)))
# These do no harm, so the image is loaded.
write("names", before=[entry("../../escaped", layer.getvalue()), entry("/etc/escaped", b"{}"),
                       entry("loop", kind=tarfile.SYMTYPE, link="loop"),
                       entry("layer", layer.getvalue()), entry("z", bomb),
                       entry("null", kind=tarfile.CHRTYPE), entry("p", kind=tarfile.FIFOTYPE)])
data = open(work + "/good.tar", "rb").read()
for part in (100, 513, len(data) // 3, len(data) // 2, len(data) - 12000):
    open(f"{work}/cut-{part}.tar", "wb").write(data[:part])
PYTHON
chmod 644 "$work"/*.tar

kept() { (cd "$store" && find staging images references layers -mindepth 1 | head -5); }

check() {
    case $mode in root) store=$KIST_ROOT ;; *) store=$work/$mode/home/.local/share/kist ;; esac
    for archive in flipped huge deep other entries links documents text bomb "$work"/cut-*; do
        archive=$work/$(basename "$archive" .tar).tar
        for way in file stream; do
            if [ $way = file ]; then
                ends_with 1 k load -i "$archive"
            else
                ends_with 1 in_mode sh -c "cat '$archive' | '$kist' load"
            fi
            lacks "$output" "Loaded"
            same "$(kept)" ''
        done
    done
    same "$(k load < "$work/names.tar" 2> /dev/null)" "Loaded image: box:v1"
    k run --rm box:v1 true
    same "$(find "$store/layers" -mindepth 1 -maxdepth 1 | wc -l)" 4
    k rmi box:v1 > /dev/null
    [ ! -e /escaped ] && [ ! -e /etc/escaped ] || fail "something escaped"
    same "$(find "$work" "$state" -name escaped | head -3)" ''

    # Killed anywhere on its way, it leaves nothing that the next command does not remove.
    for wait in 0 0.01 0.02 0.05 0.1; do
        for way in "< $work/good.tar" "-i $work/good.tar"; do
            in_mode sh -c "'$kist' load $way > /dev/null 2>&1 & p=\$!
                sleep $wait; kill -9 \$p; wait \$p" 2>/dev/null || :
            k images > /dev/null
        done
        k image prune -af > /dev/null
        same "$(kept)" ''
    done
    k load -q < "$work/good.tar" > /dev/null
    k run --rm box:v1 true
    k rmi box:v1 > /dev/null
}
each_mode check

# A disk that fills up.
if [ "$(id -u)" = 0 ]; then
    mkdir "$work/small"
    unshare --mount --propagation private sh -eu -c '
        mount -t tmpfs -o size=1200k small "$1/small"
        for way in file stream; do
            if [ $way = file ]; then
                ! "$2" --root "$1/small/store" load -i "$1/good.tar" 2> "$1/said" || exit 1
            else
                ! cat "$1/good.tar" | "$2" --root "$1/small/store" load 2> "$1/said" || exit 1
            fi
            grep -q "No space left" "$1/said" || { cat "$1/said"; exit 1; }
            left=$(find "$1/small/store/staging" "$1/small/store/layers" -mindepth 1 | head -3)
            [ -z "$left" ] || { echo "left: $left"; exit 1; }
        done' sh "$work" "$kist" || fail "on a full disk"
fi
