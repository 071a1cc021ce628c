# registry.sh - sourced after common.sh: Debian's docker-registry, and the servers that misbehave.
#
#   registry_start [tls|http|basic|token] [CERTIFICATE]   sets $registry (host:port), $ca; user: tester, word: sesame
#   registry_stop
#   push_image LAYOUT NAME[:TAG] [SKOPEO OPTION...]       by skopeo
#   fault_start LAYOUT [OPTION...] < SCENARIO             fixtures/fault_server.py; sets $fault (host:port)
#   requests [PATTERN]                                    what the last fault server was asked, as JSON lines

need docker-registry skopeo openssl python3
user=tester
word=sesame

registry_configuration() {
    cat <<CONF
version: 0.1
log: {level: info, accesslog: {disabled: false}}
storage: {filesystem: {rootdirectory: $work/registry}, delete: {enabled: true}}
http:
  addr: 127.0.0.1:${registry_port:-0}
  headers: {X-Content-Type-Options: [nosniff]}
CONF
    [ "$1" = http ] || echo "  tls: {certificate: $work/tls/$2.crt, key: $work/tls/$2.key}"
    case $1 in
        basic) echo "auth: {htpasswd: {realm: kist tests, path: $work/htpasswd}}" ;;
        token) cat <<CONF ;;
auth:
  token:
    realm: https://localhost:$token_port/token
    service: kist-registry
    issuer: kist-test
    rootcertbundle: $work/tls/ca.crt
CONF
    esac
}

token_server_start() {
    start_server token $python "$fixtures/token_server.py" --certificate "$work/tls/good" \
        --signer "$work/tls/good" --user "$user:$word" --public 'public/*' \
        --lifetime "${token_lifetime:-300}" --log "$work/tokens.log"
    token_port=$port
}

bcrypt() {
    $python -W ignore -c 'import crypt, sys
print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' "$1"
}

registry_start() {
    scheme=${1:-tls}
    certificates good ${2:+"$2"}
    case $scheme in
        basic) bcrypt "$word" | sed "s/^/$user:/" > "$work/htpasswd" ;;
        token) [ -n "${token_port:-}" ] || token_server_start ;;
    esac
    registry_configuration "$scheme" "${2:-good}" > "$work/registry.yml"
    : > "$work/registry.log"
    SSL_CERT_FILE=$ca docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
    registry_pid=$!
    children="$children $registry_pid"
    eventually 10 grep -q 'listening on' "$work/registry.log"
    registry_port=$(sed -n 's/.*listening on [^ ]*:\([0-9]*\).*/\1/p' "$work/registry.log" | head -1)
    registry=localhost:$registry_port
}

registry_stop() {
    kill "$registry_pid"
    wait "$registry_pid" 2>/dev/null || :
}

push_image() {
    layout=$1 image=$2
    shift 2
    mkdir -p "$work/push-trust"
    cp "$ca" "$work/push-trust/"
    case $scheme in
        http) set -- "$@" --dest-tls-verify=false ;;
        tls) set -- "$@" --dest-cert-dir "$work/push-trust" ;;
        *) set -- "$@" --dest-cert-dir "$work/push-trust" --dest-creds "$user:$word" ;;
    esac
    SSL_CERT_FILE=$ca skopeo --insecure-policy copy --quiet --all "$@" \
        "oci:$layout:latest" "docker://$registry/$image" > "$work/push.log" 2>&1 ||
        fail "cannot push $image: $(cat "$work/push.log")"
}

fault_start() {
    layout=$1
    shift
    fault_count=$((${fault_count:-0} + 1))
    fault_scenario=$work/fault$fault_count.json
    fault_log=$work/fault$fault_count.log
    scenario
    : > "$fault_log"
    start_server "fault$fault_count" $python "$fixtures/fault_server.py" --log "$fault_log" "$@" \
        "$layout" "$fault_scenario"
    fault=localhost:$port
}

# scenario < JSON: another scenario for the last fault server; its counters go on.
scenario() {
    cat > "$fault_scenario.new"
    mv "$fault_scenario.new" "$fault_scenario"
}

requests() { grep -- "${1:-}" "$fault_log" || :; }

# layer_digest LAYOUT N: the digest of the Nth layer (from 0) of a single-platform image.
layer_digest() {
    $python - "$1" "$2" <<'PYTHON'
import json, sys
root = sys.argv[1]
def blob(digest):
    return json.load(open(f"{root}/blobs/sha256/{digest[7:]}"))
manifest = blob(json.load(open(f"{root}/index.json"))["manifests"][0]["digest"])
print(manifest["layers"][int(sys.argv[2])]["digest"])
PYTHON
}
