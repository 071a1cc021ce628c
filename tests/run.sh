#!/bin/sh
# run.sh - runs the tests, prints one line for each, and counts.
#
#   tests/run.sh [STAGE...]      all of: lint unit build check integration board fuzz
#
# The last line is "N passed, N failed"; the lines before it name what failed and what was skipped, and
# why.  With CI=true a skip is a failure unless its reason matches a line of tests/skips.txt, so that
# a machine that lost something cannot pass by skipping.  What the tests said is in build/test-logs/.
#
# A stage is a function that calls `passed`, `failed` and `skipped`.  Board, check and fuzz speak TAP
# ("ok 1 - name", "not ok 2 - name", "ok 3 - name # SKIP reason"), which `tap` reads.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C

logs=$PWD/build/test-logs
results=$logs/results
jobs=$(nproc)
started=$(date +%s)
rm -rf "$logs"
mkdir -p "$logs"
: > "$results"

# Archives and documents made by others, for the tests that can use them.
if [ -d ../shared/data ]; then
    data=$(cd ../shared/data && pwd)
    export KIST_JSON_DATA="${KIST_JSON_DATA:-$data/json}" KIST_TAR_DATA="${KIST_TAR_DATA:-$data/tar}"
fi

passed() { echo "pass $1" | tee -a "$results"; }
failed() {
    echo "FAIL $1: $2" | tee -a "$results"
    [ -z "${3:-}" ] || tail -n 40 "$3" | sed 's/^/    /'
}
skipped() {
    if [ "${CI:-}" = true ] && ! allowed "$1: $2"; then
        failed "$1" "skipped, for a reason that tests/skips.txt does not have: $2"
    else
        echo "skip $1: $2" | tee -a "$results"
    fi
}
allowed() { grep -v '^#' tests/skips.txt | grep . | sed 's/^/^(/; s/$/)$/' > "$logs/allowed"
            echo "$1" | grep -qEf "$logs/allowed"; }

# timed SECONDS LOG COMMAND...: its status; 124 when the time was up.
timed() {
    limit=$1 log=$2
    shift 2
    timeout -k 20 "$limit" "$@" > "$log" 2>&1 < /dev/null
}

# tap PREFIX: records the results that come on standard input.
tap() {
    while IFS= read -r line; do
        case $line in
        'ok '*' # SKIP '*) skipped "$1/$(title "${line%% # SKIP*}")" "${line##* # SKIP }" ;;
        'ok '*) passed "$1/$(title "$line")" ;;
        'not ok '*) failed "$1/$(title "$line")" "see $logs/$1.log" ;;
        '# '*) echo "    ${line#??}" ;;
        esac
    done
}
title() { echo "$1" | sed -E 's/^(not )?ok [0-9]*( -)? *//'; }

# tap_stage NAME SECONDS COMMAND...: a program that speaks TAP; its own failure is one too.
tap_stage() {
    name=$1 limit=$2
    shift 2
    rm -f "$logs/$name.status"
    { timeout -k 30 "$limit" "$@" 2> "$logs/$name.err" < /dev/null
      echo $? > "$logs/$name.status"; } | tee "$logs/$name.log" | tap "$name"
    status=$(cat "$logs/$name.status")
    if [ "$status" != 0 ] && ! grep -q '^not ok' "$logs/$name.log"; then
        failed "$name" "ended with status $status" "$logs/$name.err"
    fi
}

stage_lint() {
    for script in tests/lint/*.sh; do
        name=lint/$(basename "$script" .sh)
        if timed 120 "$logs/lint.log" "$script"; then
            passed "$name"
        else
            failed "$name" "see above" "$logs/lint.log"
        fi
    done
}

# gtest NAME STATUS LOG: one result for each case; a crash belongs to the case that was running.
gtest() {
    awk -v program="$1" -v status="$2" '
        function end(word, text) { printf "%s\t%s/%s\t%s\n", word, program, $0, text; failures += word == "FAIL" }
        /^\[ RUN      \] / { running = substr($0, 14) }
        /: Skipped$/ { getline; reason = $0 }
        /^\[       OK \] .* ms\)/ { $0 = running; end("pass", ""); running = "" }
        /^\[  FAILED  \] .* ms\)/ && running != "" { $0 = running; end("FAIL", "see the log"); running = "" }
        /^\[  SKIPPED \] .* ms\)/ && running != "" { $0 = running; end("skip", reason); running = "" }
        END {
            if (running != "") { $0 = running; end("FAIL", "the program died in it, status " status) }
            else if (status && !failures) { $0 = "exit"; end("FAIL", "ended with status " status) }
        }' "$3"
}

stage_unit() {
    if ! timed 2400 "$logs/host.log" make host; then
        failed build/host "see $logs/host.log" "$logs/host.log"
        return
    fi
    passed build/host
    for program in build/host/tests/unit/*/unit_*; do
        [ -x "$program" ] && [ -f "$program" ] || continue
        name=$(basename "$program")
        log=$logs/$name.log
        timed 600 "$log" "$program" --gtest_color=no
        gtest "$name" $? "$log" > "$logs/cases"
        while IFS='	' read -r word case text; do
            case $word in
            pass) passed "$case" ;;
            skip) skipped "$case" "$text" ;;
            FAIL) failed "$case" "$text" "$log" ;;
            esac
        done < "$logs/cases"
    done
}

stage_build() {
    for arch in amd64 arm64; do
        if timed 2400 "$logs/$arch.log" make "$arch"; then
            passed "build/$arch"
        else
            failed "build/$arch" "see $logs/$arch.log" "$logs/$arch.log"
        fi
    done
}

stage_check() { tap_stage check 1200 tests/check.sh "${CHECK:-quick}"; }

# An integration test may ask for more than three minutes with a line "# timeout: SECONDS".
stage_integration() { integration tests/integration/*.sh; }

# The tests that use the server of faults, at every point instead of some; and kist killed at every one of
# its system calls.
stage_fault() {
    export KIST_FAULTS=all KIST_FAULT_SECONDS=all
    # shellcheck disable=SC2046 # names without blanks
    integration $(grep -l '^ *fault_start ' tests/integration/*.sh) tests/integration/killed-anywhere.sh
}

integration() {
    for script; do
        [ -x "$script" ] || continue  # common.sh and the like are read, not run
        name=integration/$(basename "$script" .sh)
        log=$logs/$(basename "$script" .sh).log
        limit=$(sed -n 's/^# timeout: *\([0-9]*\)$/\1/p' "$script" | head -n 1)
        timed "${limit:-180}" "$log" "$script"
        status=$?
        case $status in
        0) passed "$name" ;;
        77) skipped "$name" "$(sed -n 's/^skip: //p' "$log" | tail -n 1)" ;;
        124 | 137) failed "$name" "not done after ${limit:-180} s" "$log" ;;
        *) failed "$name" "status $status" "$log" ;;
        esac
    done
}

stage_board() { [ ! -x tests/board/run.sh ] || tap_stage board 3600 tests/board/run.sh; }

stage_fuzz() { tap_stage fuzz 3600 tests/fuzz/run.sh "${FUZZ_SECONDS:-5}"; }

for stage in ${*:-lint unit build check integration board fuzz}; do
    "stage_$stage"
done

count() { grep -c "^$1 " "$results"; }
echo
grep '^skip ' "$results"
grep '^FAIL ' "$results"
echo "$(count pass) passed, $(count FAIL) failed, $(count skip) skipped in $(($(date +%s) - started)) s"
echo "$(count pass) passed, $(count FAIL) failed"
[ "$(count FAIL)" = 0 ] && [ "$(count pass)" != 0 ]
