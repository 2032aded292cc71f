#!/usr/bin/env bash
# Proves that the library, the tests and the examples type-check for each system that has kqueue, for every
# feature set, and that clippy has nothing to say; that the library without std does for what shares one of
# these systems (32 bits, another processor, iOS); and the part of it that needs no system, for bare metal.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build-std.sh"

BSD_FULL_TARGETS=${BSD_FULL_TARGETS-x86_64-unknown-freebsd}
BSD_TARGETS=${BSD_TARGETS-x86_64-unknown-netbsd x86_64-unknown-openbsd x86_64-unknown-dragonfly aarch64-apple-darwin}
BSD_BARE_TARGETS=${BSD_BARE_TARGETS-i686-unknown-freebsd x86_64-apple-darwin aarch64-apple-ios}
BARE_TARGETS=${BARE_TARGETS-x86_64-unknown-none thumbv7em-none-eabi}

debian_rust
{
    for target in $BSD_FULL_TARGETS; do echo "$target full"; done
    for target in $BSD_TARGETS; do echo "$target hosted"; done
    for target in $BSD_BARE_TARGETS $BARE_TARGETS; do echo "$target bare"; done
} | check_targets
