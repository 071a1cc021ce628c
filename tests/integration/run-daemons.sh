#!/bin/sh
# run-daemons.sh - nginx, redis and mosquitto, which change their user, run in every mode.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/modes.sh"
. "$(dirname "$0")/registry.sh"

# timeout: 300
need umoci apt-get dpkg
registry_start http

daemon_image() {
    key=$(cat "$fixtures/daemon_image.sh" | sha256sum | cut -c1-12)
    made=${KIST_FIXTURES:-${TMPDIR:-/tmp}/kist-fixtures-$(id -u)}/$1-$key
    [ -d "$made" ] || { mkdir -p "$(dirname "$made")"; downloads "$fixtures/daemon_image.sh" "$1" "$made" >&2; }
    echo "$made"
}
for daemon in nginx redis mosquitto; do
    push_image "$(daemon_image $daemon)" $daemon
done

# ask PORT BYTES: sends them (as printf writes them) and prints the answer.
ask() {
    $python - "$1" "$2" <<'PYTHON'
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
connection.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
print(connection.recv(4096))
PYTHON
}

# serves NAME PORT QUESTION ANSWER: the daemon runs, answers, and ends when it is told to.
serves() {
    start run --rm --name "$1" -p "$2:$2" "$registry/$1" > "$work/$1.$mode.log" 2>&1
    tries=100
    until answer=$(ask "$2" "$3" 2>/dev/null); do
        tries=$((tries - 1))
        if [ $tries = 0 ] || ! kill -0 $runner 2>/dev/null; then
            fail "$1 does not answer: $(cat "$work/$1.$mode.log")"
        fi
        sleep 0.1
    done
    has "$answer" "$4"
    kill -TERM $runner
    status=0
    wait $runner || status=$?
    case $status in 0 | 143) ;; *) fail "$1 ended with $status: $(cat "$work/$1.$mode.log")" ;; esac
}

check() {
    serves nginx 18080 'GET / HTTP/1.0\r\n\r\n' 'served by nginx'
    serves redis 16379 'SET fruit pear\r\nGET fruit\r\n' OK
    # CONNECT of MQTT 3.1.1, and its CONNACK.
    serves mosquitto 18883 '\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a' '\x02'
    # In mode single it is said, once, that owners are not what they seem.
    [ "$mode" != single ] || [ "$(grep -c '^kist: ' "$work/nginx.single.log")" -ge 1 ] ||
        fail "nothing was said about the one id"
}
each_mode check
