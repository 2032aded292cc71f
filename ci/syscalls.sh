#!/usr/bin/env bash
# Proves with strace that every call makes exactly the system calls that it should, in their order: no
# getpid, no clock that is a system call, no memory from the kernel after set-up, no fcntl after accept4,
# one call a poll. What is expected stands in tests/syscalls.rs. Without --quiet it prints what was made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v strace >/dev/null || { echo "syscalls: please install strace" >&2; exit 1; }
show=(--nocapture)
[ "${1-}" != --quiet ] || show=()
MIO_ST_STRACE=required cargo test --quiet --release --features std --test syscalls -- "${show[@]}"
echo "syscalls: each call makes the system calls that it should"
