#!/bin/sh
# pull-mismatch.sh - whatever does not have its digest or size is refused by name, and nothing stays.
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/registry.sh"
layout=$(fixture small)

# refused RULE WORD...: with this rule the pull fails with these words.
refused() {
    rule=$1
    shift
    fault_start "$layout" <<JSON
{"rules": [${rule}]}
JSON
    echo "$rule"
    "$kist" image prune -f > /dev/null  # layers that were whole are kept for the next try
    ends_with 1 timeout 60 "$kist" pull "$fault/x${pinned:-}"
    for wanted in "$@"; do
        has "$output" "$wanted"
    done
    same "$(left_behind)" ''
    same "$("$kist" images -q)" ''
}

second=$(layer_digest "$layout" 1)
manifest=$($python -c "import json; print(json.load(open('$layout/index.json'))['manifests'][0]['digest'])")

refused '{"what": "layer:1", "flip": 5000}' "$second"
refused '{"what": "layer:1", "flip": 20}' "$second"
refused '{"what": "layer:1", "flip": -1}' "$second"  # in gzip's own length
refused '{"what": "layer:1", "truncate": 9000}' "$second"
refused '{"what": "layer:1", "truncate": 0}' "$second"
refused '{"what": "layer:1", "append": 10}' "$second"
refused '{"what": "layer:1", "length": 100}' "$second"
refused '{"what": "layer:1", "length": -100}' "$second"
refused '{"what": "config", "flip": 40}' sha256:
refused '{"what": "config", "append": 1}' sha256:
refused '{"what": "manifest", "headers": {"Docker-Content-Digest": "sha256:'"$(printf '%064d' 7)"'"}}' sha256:
pinned=@$manifest refused '{"what": "manifest", "flip": 3}' "$manifest"
echo 'not gzip at all' > "$work/other"
refused '{"what": "layer:2", "replace": "'"$work/other"'"}' "$(layer_digest "$layout" 2)"

# Bytes that are right but decompress to something else than the configuration says.
layout=$(fixture wrong_diff_id)
refused '' sha256:5555
layout=$(fixture small)

# After all that, the good one comes whole.
fault_start "$layout" <<'JSON'
{}
JSON
"$kist" pull -q "$fault/x" > /dev/null
"$kist" run --rm "$fault/x"
