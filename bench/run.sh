#!/bin/sh
# run.sh - all benchmarks: ratios against the tools that people use now, from one run.
#
#   bench/run.sh [start|many|ps|pull|network]...     ROUNDS=N rounds each
#
# KIST=PROGRAM measures another one than build/ARCH/kist.
set -eu
[ -z "${KIST:-}" ] || export KIST="$(realpath "$KIST")"
cd "$(dirname "$0")"
echo "machine: $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
echo "load before: $(cut -d ' ' -f 1-3 /proc/loadavg)"
for part in ${*:-start many ps pull network}; do
    "./$part.sh" || [ $? = 77 ]  # it said what is missing
done
