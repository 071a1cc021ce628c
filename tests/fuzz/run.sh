#!/bin/sh
# run.sh - runs every fuzz target for some seconds, starting from its corpus.  Prints TAP.
#
#   tests/fuzz/run.sh SECONDS [TARGET...]
#
# A target is build/host/tests/fuzz/fuzz_NAME; its corpus, if it has one, is tests/data/fuzz/NAME and
# stays as it is.  What breaks a target is kept as build/test-logs/fuzz_NAME-crash-..., and belongs into
# the corpus once it is mended.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# = 0 ] || shift
logs=build/test-logs
mkdir -p $logs build/fuzz

number=0
for target in "${@:-build/host/tests/fuzz/fuzz_*}"; do
    # shellcheck disable=SC2086 # the pattern
    for program in $target; do
        case $program in */*) ;; *) program=build/host/tests/fuzz/fuzz_$program ;; esac
        [ -x "$program" ] || continue
        name=$(basename "$program")
        number=$((number + 1))
        # What is found in one run is the start of the next.
        mkdir -p "build/fuzz/$name"
        corpus=tests/data/fuzz/${name#fuzz_}
        [ -d "$corpus" ] || corpus=
        if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
            -artifact_prefix="$logs/$name-" "build/fuzz/$name" $corpus > "$logs/$name.log" 2>&1; then
            runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$name.log")
            echo "# $name: $runs inputs in $seconds s"
            echo "ok $number - $name"
        else
            tail -n 30 "$logs/$name.log" | sed 's/^/# /'
            echo "not ok $number - $name"
        fi
    done
done
[ $number -gt 0 ] || { echo "not ok 1 - fuzz targets are built (make host)"; exit 1; }
