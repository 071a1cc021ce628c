#!/bin/sh
# start.sh - start and end of `true`: kist with a local image (overlay, seccomp, everything) against crun with
# a prepared bundle, bubblewrap, podman and a bare unshare; as root, and as an ordinary user with one id.
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"
rounds=${ROUNDS:-60}
need crun bwrap podman

# Everything that is written is on a tmpfs, so that a noisy disk does not decide.
export KIST_ROOT="$state/store"
registry_start http
push_image "$(fixture busybox)" bench/busybox
image=$registry/bench/busybox

bundle() {  # DIRECTORY [crun spec's option]
    mkdir -p "$1/rootfs/bin" "$1/rootfs/proc" "$1/rootfs/dev" "$1/rootfs/sys"
    cp /bin/busybox "$1/rootfs/bin/"
    ln -sf busybox "$1/rootfs/bin/true"
    (cd "$1" && crun spec $2)
    $python - "$1/config.json" <<'PY'
import json, sys
with open(sys.argv[1]) as file:
    spec = json.load(file)
spec["process"].update(args=["/bin/true"], terminal=False)
with open(sys.argv[1], "w") as file:
    json.dump(spec, file)
PY
}

# Containers have names of their own in crun: a shell counts them.
row() { printf '%s\t%s\n' "$1" "$2"; }

echo "== start and end of true, as root, $rounds rounds"
k pull -q "$image" > /dev/null
bundle "$state/root-bundle" ""
mkdir -p "$state/crun"
{
    row crun "crun --root $state/crun --cgroup-manager=disabled run --bundle $state/root-bundle bench"
    row kist "$kist --root $KIST_ROOT --state $state/root run --rm $image true"
    row bubblewrap "bwrap --ro-bind $state/root-bundle/rootfs / --proc /proc --dev /dev --unshare-all true"
    row unshare "unshare --mount --pid --uts --ipc --fork chroot $state/root-bundle/rootfs /bin/true"
} | $python "$(dirname "$0")/measure.py" "$rounds"

echo "== the same as an ordinary user with one id (tier single)"
mode=single
user_prepare single
k --root "$state/single/store" pull -q "$image" > /dev/null
bundle "$state/single/bundle" --rootless
chown -R $user_id:$user_id "$state/single"
{
    row crun "crun --root $state/single/crun --cgroup-manager=disabled run --bundle $state/single/bundle bench"
    row kist "$kist --root $state/single/store run --rm $image true"
    row bubblewrap "bwrap --ro-bind $state/single/bundle/rootfs / --proc /proc --dev /dev --unshare-all true"
} > "$state/single/rows"
in_mode "$python" "$(realpath "$(dirname "$0")")/measure.py" "$rounds" < "$state/single/rows"

echo "== podman, as root, 5 rounds"
mode=root
podman="podman --root $state/podman --runroot $state/podman-run --storage-driver vfs --cgroup-manager cgroupfs"
if $podman pull -q --tls-verify=false "$image" > /dev/null 2>&1 &&
    $podman run --rm --cgroups disabled --network host "$image" true > /dev/null 2>&1; then
    {
        row kist "$kist --root $KIST_ROOT --state $state/root run --rm $image true"
        row podman "$podman run --rm --cgroups disabled --network host $image true"
    } | $python "$(dirname "$0")/measure.py" 5
else
    echo "podman does not run here: left out"
fi
