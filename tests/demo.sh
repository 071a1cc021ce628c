#!/bin/sh
# demo.sh - from nothing to a running container, to be watched: `make demo`.
#
# A small image is made and served by Debian's docker-registry, over TLS on loopback, with a certification
# authority made for the occasion.  kist pulls it and runs it as an ordinary user.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/integration/common.sh"
. "$tests/integration/modes.sh"
. "$tests/integration/registry.sh"

bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# shown ARGUMENT...: says what is typed, and runs it on a terminal, so that there is a progress bar.
shown() {
    printf '\033[32m$\033[0m kist'
    for word in "$@"; do
        case $word in *' '* | '') printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    echo
    in_mode $python "$fixtures/terminal.py" "$kist" "$@" < /dev/null
}

bold "1. An image, and a registry that serves it over TLS"
registry_start tls
push_image "$(fixture demo)" demo
ls -l "$kist" | awk '{print "kist: one static file of", int($5 / 1024), "KiB"}'
echo "docker-registry: https://$registry, with a certificate of an authority of our own"
export SSL_CERT_FILE="$ca"

# With root's rights an ordinary user is made up for this; without, it is you.
for mode in subuid single; do
    if mode_works 2>/dev/null; then break; fi
done
mode_works || fail "no ordinary user can make a user namespace here; see: kist check"

bold "2. Pull it as an ordinary user (uid $(in_mode id -u))"
shown pull "$registry/demo"
shown images

bold "3. Run it"
shown run --rm "$registry/demo" echo hello
shown run --rm -it "$registry/demo" sh -c 'echo "I am $(id -un), process $$, on $(hostname)"; ls -sh /data'

bold "4. With a real registry you would type"
cat <<'TEXT'
  kist pull alpine
  kist run --rm alpine echo hello
  kist run --rm -it ghcr.io/OWNER/NAME:TAG sh
  echo $TOKEN | kist login -u NAME --password-stdin registry.example.com
TEXT
bold "Done."
