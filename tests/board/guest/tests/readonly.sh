# readonly.sh - an appliance with a read-only root, a data partition and no environment.
touch /x 2>/dev/null && fail "the root can be written"
bare() { env -i SSL_CERT_FILE="$SSL_CERT_FILE" $kist "$@"; }
bare pull -q "$image" || fail "the pull failed"
[ -d /data/kist-0/layers ] || fail "the store is not in /data/kist-0"
[ ! -e /var/lib/kist ] || fail "/var/lib/kist was used"
same "$(bare run --rm "$image" echo hello)" hello
bare run --name kept "$image" true
bare ps -a | grep -q kept || fail "kept is not listed"
bare rm kept
[ -d /run/kist-0 ] || fail "the state is not in /run/kist-0"
