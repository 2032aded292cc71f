#!/usr/bin/env bash
# By hand, on a quiet machine: prints the README's figures, all of them or those of the sections named
# (`ci/table.sh poll echo`), --no-tools without strace and callgrind, --quick
# with fewer rounds as well. Draws how the timers scale into benches/charts, if all their sizes are
# measured. Takes half an hour.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need strace valgrind gcc strip=binutils socat
apt_install libev-dev libevent-dev libuv1-dev haproxy

cargo build --quiet --release --package mio-st-benches --features c-peers --bins
cargo build --quiet --release --features std --example proxy
echo "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $(uname -sr), $(rustc --version)"
echo "mio-st at $(git describe --always --dirty --abbrev=12 --exclude '*')"
versions=$(dpkg-query -W -f '${source:Package} ${Version}, ' libev-dev libevent-dev libuv1-dev haproxy socat)
echo "${versions%, }"
# A quick run leaves out the large sizes: its charts would be of three points.
charts=--charts=benches/charts
[[ " $* " != *" --quick "* ]] || charts=
target/release/table "$@" $charts

# wanted SECTION [ARGUMENT...]: whether it is named among them, or none is.
wanted() {
    local argument named='' section=$1
    shift
    for argument; do
        [[ "$argument" == --* ]] || named=yes
        [ "$argument" != "$section" ] || return 0
    done
    [ -z "$named" ]
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# -- The servers' sizes -------------------------------------------------------------------------------
# bytes PROGRAM: of what is left when it is stripped.
bytes() {
    strip -s -o "$scratch/stripped" "$1"
    stat -c %s "$scratch/stripped"
}
if wanted memory "$@"; then
    cargo build --quiet --release --package mio-st-benches --examples
    cargo build --quiet --release --manifest-path ci/no-std/Cargo.toml --target-dir target/no-std
    printf '\n### An echo server, stripped, in bytes\n\n| | raw | mio-st | mio |\n|---|---:|---:|---:|\n| std |'
    for name in raw mio_st mio; do printf ' %d |' "$(bytes "target/release/examples/size_$name")"; done
    printf '\n| no_std, libc alone | | %d | |\n' "$(bytes target/no-std/release/bare)"
    printf '| no_std, with timers, signals and a slab | | %d | |\n' "$(bytes target/no-std/release/service)"
fi

# -- The libraries alone, from nothing to built -------------------------------------------------------
seconds() {
    rm -rf "$scratch/target"
    local start
    start=$(date +%s%N)
    # As for a program that has them from a registry, which cargo builds at once and not in parts.
    CARGO_INCREMENTAL=0 cargo build --quiet --target-dir "$scratch/target" "$@"
    awk -v start="$start" -v end="$(date +%s%N)" 'BEGIN { printf "%.1f s", (end - start) / 1e9 }'
}
if wanted build "$@"; then
    printf '\n### cargo build, the library and what it needs, from nothing\n\n'
    printf '| | mio-st | mio-st, std | mio |\n|---|---:|---:|---:|\n'
    printf '| debug | %s | %s | %s |\n' "$(seconds)" "$(seconds --features std)" "$(seconds --package mio)"
    printf '| release | %s | %s | %s |\n' "$(seconds --release)" "$(seconds --release --features std)" "$(seconds --release --package mio)"
fi
