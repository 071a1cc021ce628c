#!/bin/sh
# trust-errors.sh - every certificate that cannot be trusted is refused in a sentence of its own.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

certificates good wrong-host names-only expired future unknown pss constrained
export SSL_CERT_FILE="$ca"
layout=$(fixture busybox)
echo '{}' > "$work/scenario.json"

# refused CASE HOST WORD... [-- OPTION...]: a pull from HOST with the certificate of CASE fails with these words.
refused() {
    case=$1 host=$2
    shift 2
    start_server "$case$host" $python "$fixtures/fault_server.py" ${tls:+--tls "$tls"} \
        --certificate "$work/tls/$case" --log "$work/$case.log" "$layout" "$work/scenario.json"
    ends_with 1 timeout 60 "$kist" pull "$host:$port/box"
    for wanted in "$host" "$@"; do
        has "$output" "$wanted"
    done
    lacks "$(cat "$work/$case.log" 2>/dev/null)" /v2/
    echo "$case: $output" | head -2
}

refused wrong-host localhost other.test
refused names-only 127.0.0.1
refused expired localhost expired 2021
refused future localhost 2040
refused unknown localhost
refused pss localhost PSS
refused constrained localhost constraint
tls=1.3 refused good localhost 1.3

# The way out is said, and works.
start_server accepted $python "$fixtures/fault_server.py" --certificate "$work/tls/unknown" \
    "$layout" "$work/scenario.json"
ends_with 1 "$kist" pull "localhost:$port/box"
has "$output" certs.d
"$kist" pull -q --tls-verify=false "localhost:$port/box" > /dev/null
same "$(cat "$work"/*.err | head -3)" ''
