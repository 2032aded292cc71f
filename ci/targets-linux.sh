#!/usr/bin/env bash
# Proves that the library, the tests and the examples type-check for the Linux systems that the tests do
# not run on (another processor, 32 bits, another C library), for every feature set; and the part without
# std for one more processor, which differs from the first in numbers of system calls alone, and for Android.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build-std.sh"

LINUX_TARGETS=${LINUX_TARGETS-aarch64-unknown-linux-gnu i686-unknown-linux-gnu x86_64-unknown-linux-musl}
LINUX_BARE_TARGETS=${LINUX_BARE_TARGETS-riscv64gc-unknown-linux-gnu x86_64-linux-android}

debian_rust
{
    for target in $LINUX_TARGETS; do echo "$target hosted"; done
    for target in $LINUX_BARE_TARGETS; do echo "$target bare"; done
} | check_targets
