# tools.sh - sourced after common.sh, modes.sh and registry.sh: the tools with one image, all on a tmpfs.
#
#   image_serve           sets $image: BusyBox in a registry on this machine
#   bundle DIRECTORY [OPTION] COMMAND...    makes a bundle for crun (OPTION: crun spec's)
#   podman_works          whether it runs containers here; if not, says why it is left out
#   $kist_run $podman_run $crun_run         `run` without the image, of containers that are alike
#   row NAME COMMAND [PREPARE]              a row for measure.py
#   measure ROUNDS        measure.py
#
# No tool manages cgroups (crun refuses a machine whose cgroups are v1 and v2 together), and containers
# have no network but loopback.  podman asks for the largest limits of all, which not every root may set.

# Everything that is written is on a tmpfs, so that a noisy disk does not decide.
export KIST_ROOT="$state/store"
bench=$(realpath "$tests/../bench")
# podman's locks of memory are shared by all of its stores, and outlive one that is deleted.
printf '[engine]\nlock_type = "file"\n' > "$state/podman.conf"
kist_run="$kist run --network none"
crun="crun --root $state/crun --cgroup-manager=disabled"
podman="env -u DOCKER_CONFIG CONTAINERS_CONF=$state/podman.conf podman --root $state/podman --runroot $state/podman-run"
podman="$podman --tmpdir $state/podman-tmp --storage-driver ${podman_driver:-overlay} --cgroup-manager cgroupfs"
podman_run="$podman run --cgroups disabled --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024"

image_serve() {
    registry_start http
    push_image "$(fixture busybox)" bench/busybox
    image=$registry/bench/busybox
}

bundle() {
    directory=$1 option=
    shift
    case $1 in --*) option=$1; shift ;; esac
    mkdir -p "$directory/rootfs/bin" "$directory/rootfs/proc" "$directory/rootfs/dev" "$directory/rootfs/sys"
    cp /bin/busybox "$directory/rootfs/bin/"
    for applet in true sleep; do ln -sf busybox "$directory/rootfs/bin/$applet"; done
    (cd "$directory" && crun spec $option)
    $python - "$directory/config.json" "$@" <<'PY'
import json, sys
with open(sys.argv[1]) as file:
    spec = json.load(file)
spec["process"].update(args=sys.argv[2:], terminal=False)
with open(sys.argv[1], "w") as file:
    json.dump(spec, file)
PY
}

podman_works() {
    command -v podman > /dev/null || { echo "podman is left out, as it is not installed"; return 1; }
    if why=$($podman pull -q --tls-verify=false "$image" 2>&1) &&
        why=$($podman_run --rm "$image" true 2>&1); then
        return 0
    fi
    echo "podman is left out, as it does not run here: $why"
    return 1
}

# podman leaves a mount of its store on itself.
tools_end() {
    ended=$?
    trap - EXIT
    set +e
    [ -z "${bench_clean:-}" ] || sh "$bench_clean"
    umount "$state/podman/overlay" 2> /dev/null
    (exit $ended)
    clean_up
}
trap tools_end EXIT

row() { printf '%s\t%s%s\n' "$1" "$2" "${3:+	$3}"; }
measure() { "$python" "$bench/measure.py" "$1"; }

# clean_script: writes $bench_clean, which removes every container, and waits: each of podman's starts a
# podman that cleans up after it, and the next tool is not to be timed against these.
clean_script() {
    bench_clean=$work/clean
    cat > "$bench_clean" <<SCRIPT
exec > /dev/null 2>&1
ids=\$($kist ps -aq)
[ -z "\$ids" ] || $kist rm --force \$ids
for id in \$($crun list -q); do $crun delete --force \$id; done
command -v podman && $podman rm --force --all --time 0
tries=600
while pgrep -f "$state/podman" && [ \$tries -gt 0 ]; do tries=\$((tries - 1)); sleep 0.1; done
true
SCRIPT
}
