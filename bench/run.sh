#!/bin/sh
# run.sh - all benchmarks: ratios against the tools that people use now, from one run.
#
#   bench/run.sh [pull|start]...     ROUNDS=N rounds each
set -eu
cd "$(dirname "$0")"
echo "machine: $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
for part in ${*:-start pull}; do
    "./$part.sh"
done
