#!/bin/sh
# pull.sh - pulling an image of seven layers, 166 MB as gzip and 488 MB unpacked, 27,600 files.
#
# Every tool pulls the same image from the same registry on this machine, over HTTP and over TLS, into
# stores of its own on a tmpfs.  kist verifies all digests; the pipelines of curl verify nothing and are
# there to show what the work alone costs: all layers at once, each in a pipeline of its own.
#
# ROUNDS=N rounds (7 unless said); IMAGE=LAYOUT another image.
. "$(dirname "$0")/../tests/integration/common.sh"
. "$tests/integration/registry.sh"
need curl python3 time
rounds=${ROUNDS:-7}
here=$tests/../bench
stores=$state/stores
mkdir "$stores"

fixtures_here=${KIST_FIXTURES:-${TMPDIR:-/tmp}/kist-fixtures-$(id -u)}
layout=${IMAGE:-$fixtures_here/pull-$(sha256sum < "$here/pull_image.py" | cut -c1-12)}
if [ ! -d "$layout" ]; then
    echo "making the image (once, half a minute)"
    mkdir -p "$(dirname "$layout")"
    python3 "$here/pull_image.py" "$layout.$$"
    mv -T "$layout.$$" "$layout"
fi

# pipeline UNPACKER: fetches all layers at once, without verifying anything.
pipeline() {
    cat > "$work/pipeline-$scheme-$1" <<SCRIPT
mkdir -p $stores/pipeline
cd $stores/pipeline
number=0
for digest in $digests; do
    number=\$((number + 1))
    mkdir \$number
    curl -sS --fail $trust_curl $origin/v2/bench/blobs/\$digest | $1 -dc | tar -x -C \$number &
done
wait
SCRIPT
    echo "sh $work/pipeline-$scheme-$1"
}

# podman leaves a mount of its store on itself.
clean() { echo "umount $stores/podman/overlay 2> /dev/null; rm -rf $stores; mkdir $stores"; }
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$(clean)"; }

has_tool() { command -v "$1" > /dev/null; }

rows() {
    row kist "$trust_kist $kist --root $stores/kist --state $stores/state pull -q $registry/bench"
    if has_tool podman; then
        podman="podman --root $stores/podman --runroot $stores/run --storage-driver ${podman_driver:-overlay}"
        row podman "env -u DOCKER_CONFIG $podman pull -q --tls-verify=$verify $trust_podman $registry/bench"
    fi
    if has_tool umoci && has_tool skopeo; then
        skopeo="skopeo --insecure-policy copy -q --src-tls-verify=$verify $trust_skopeo"
        fetch="env -u DOCKER_CONFIG $skopeo docker://$registry/bench oci:$stores/oci:latest"
        row "skopeo + umoci" "$fetch && umoci unpack --image $stores/oci:latest $stores/bundle"
    fi
    row "curl | gunzip | tar" "$(pipeline gzip)"
    if has_tool igzip; then
        row "curl | igzip | tar" "$(pipeline igzip)"
    fi
}

digests=$(python3 - "$layout" <<'PYTHON'
import json, sys
root = sys.argv[1]
def blob(digest):
    return json.load(open(f"{root}/blobs/sha256/{digest[7:]}"))
manifest = blob(json.load(open(f"{root}/index.json"))["manifests"][0]["digest"])
print(*(layer["digest"] for layer in manifest["layers"]))
PYTHON
)

for scheme in ${SCHEMES:-http tls}; do
    rm -rf "$work/registry"
    registry_port=0
    registry_start "$scheme"
    push_image "$layout" bench
    case $scheme in
        http)
            origin=http://$registry verify=false
            trust_kist='' trust_podman='' trust_skopeo='' trust_curl=''
            ;;
        tls)
            origin=https://$registry verify=true
            trust_kist="env SSL_CERT_FILE=$ca"
            trust_podman="--cert-dir $work/push-trust"
            trust_skopeo="--src-cert-dir $work/push-trust"
            trust_curl="--cacert $ca"
            ;;
    esac
    echo "pull over $scheme, $rounds rounds, stores on a tmpfs"
    rows > "$work/rows"
    measured=0
    python3 "$here/measure.py" "$rounds" < "$work/rows" || measured=1
    sh -c "$(clean)"
    [ $measured = 0 ] || exit 1
    registry_stop
done
