#!/bin/sh
# start.sh - start and end of `true`: kist with a local image (overlay, seccomp, everything) against crun with
# a prepared bundle, bubblewrap, podman and a bare unshare; as root, and as an ordinary user with one id.
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"
. "$tests/../bench/tools.sh"
rounds=${ROUNDS:-60}
need crun bwrap

image_serve
echo "== start and end of true, as root, $rounds rounds"
k pull -q "$image" > /dev/null
bundle "$state/root-bundle" /bin/true
mkdir -p "$state/crun"
{
    row crun "$crun run --bundle $state/root-bundle bench"
    row kist "$kist --root $KIST_ROOT --state $state/root run --rm $image true"
    row bubblewrap "bwrap --ro-bind $state/root-bundle/rootfs / --proc /proc --dev /dev --unshare-all true"
    row unshare "unshare --mount --pid --uts --ipc --fork chroot $state/root-bundle/rootfs /bin/true"
} | measure "$rounds"

echo "== the same as an ordinary user with one id (tier single)"
mode=single
user_prepare single
k --root "$state/single/store" pull -q "$image" > /dev/null
bundle "$state/single/bundle" --rootless /bin/true
chown -R $user_id:$user_id "$state/single"
{
    row crun "crun --root $state/single/crun --cgroup-manager=disabled run --bundle $state/single/bundle bench"
    row kist "$kist --root $state/single/store run --rm $image true"
    row bubblewrap "bwrap --ro-bind $state/single/bundle/rootfs / --proc /proc --dev /dev --unshare-all true"
} > "$state/single/rows"
in_mode "$python" "$bench/measure.py" "$rounds" < "$state/single/rows"

echo "== podman, as root, 5 rounds"
mode=root
if podman_works; then
    {
        row kist "$kist_run --rm $image true"
        row podman "$podman_run --rm $image true"
    } | measure 5
fi
