#!/usr/bin/env bash
# Proves that the library, the tests and the examples type-check for the Linux systems that the tests do
# not run on (other processors, 32 bits, another C library), for every feature set.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build-std.sh"

LINUX_TARGETS=${LINUX_TARGETS-aarch64-unknown-linux-gnu riscv64gc-unknown-linux-gnu i686-unknown-linux-gnu \
x86_64-unknown-linux-musl}

debian_rust
for target in $LINUX_TARGETS; do echo "$target hosted"; done | check_targets
