#!/bin/sh
# login-logout.sh - credentials go to and come from docker's config.json, and nobody else can read them.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"

registry_start basic
push_image "$(fixture busybox)" box
export SSL_CERT_FILE="$ca"
file=$DOCKER_CONFIG/config.json
encoded=$(printf '%s' "$user:$word" | base64)

mkdir -p "$DOCKER_CONFIG"
echo '{"credsNote": {"deep": [1, "two"]}, "auths": {"other.test": {"auth": "eDp5"}}}' > "$file"
ends_with 0 sh -c "echo '$word' | '$kist' login -u '$user' --password-stdin '$registry'"
has "$output" "Login Succeeded"
same "$(stat -c %a "$file")" 600
$python - "$file" "$registry" "$encoded" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
assert config["auths"][sys.argv[2]]["auth"] == sys.argv[3], config
assert config["auths"]["other.test"]["auth"] == "eDp5", "another registry's credential is lost"
assert config["credsNote"] == {"deep": [1, "two"]}, "what kist does not know is lost"
PYTHON
"$kist" pull -q "$registry/box" > /dev/null

# A wrong password changes nothing.
ends_with 1 sh -c "echo nonsense | '$kist' login -u '$user' --password-stdin '$registry'"
has "$output" "$registry"
lacks "$output" nonsense
has "$(cat "$file")" "$encoded"

ends_with 0 "$kist" logout "$registry"
lacks "$(cat "$file")" "$encoded"
has "$(cat "$file")" eDp5
same "$(stat -c %a "$file")" 600
"$kist" rmi "$registry/box" > /dev/null
ends_with 1 "$kist" pull "$registry/box"

# What docker wrote is read: here "auth" by the name that docker uses for a URL.
echo "{\"auths\": {\"https://$registry/v1/\": {\"auth\": \"$encoded\"}}}" > "$file"
"$kist" pull -q "$registry/box" > /dev/null

echo '{"auths": [' > "$file"
ends_with 1 "$kist" pull "$registry/box:other"
has "$output" config.json
