#!/usr/bin/env bash
# By hand, on a quiet machine: prints the README's figures, all of them or those of the sections named
# (`ci/table.sh poll echo`), --no-tools without strace and callgrind, --quick
# with fewer rounds as well. Takes half an hour.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need strace valgrind

cargo build --quiet --release --package mio-st-benches --bins
echo "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $(uname -sr), $(rustc --version)"
echo "mio-st at $(git describe --always --dirty --abbrev=12 --exclude '*')"
target/release/table "$@"

# The libraries alone, from nothing to built.
for argument; do
    [[ "$argument" == --* || "$argument" == build ]] || exit 0
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
seconds() {
    rm -rf "$scratch/target"
    local start
    start=$(date +%s%N)
    cargo build --quiet --target-dir "$scratch/target" "$@"
    awk -v start="$start" -v end="$(date +%s%N)" 'BEGIN { printf "%.1f s", (end - start) / 1e9 }'
}
printf '\n### cargo build, the library and what it needs, from nothing\n\n'
printf '| | mio-st | mio-st, std | mio |\n|---|---:|---:|---:|\n'
printf '| debug | %s | %s | %s |\n' "$(seconds)" "$(seconds --features std)" "$(seconds --package mio)"
printf '| release | %s | %s | %s |\n' "$(seconds --release)" "$(seconds --release --features std)" "$(seconds --release --package mio)"
