#!/usr/bin/env bash
# Proves that the library, the tests and the examples type-check for the systems that have kqueue, for
# every feature set; and the part of the library that needs no system, for bare metal.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build-std.sh"

BSD_TARGETS=${BSD_TARGETS-x86_64-unknown-freebsd i686-unknown-freebsd x86_64-unknown-netbsd \
x86_64-unknown-openbsd x86_64-unknown-dragonfly x86_64-apple-darwin aarch64-apple-darwin aarch64-apple-ios}
BARE_TARGETS=${BARE_TARGETS-x86_64-unknown-none thumbv7em-none-eabi}

debian_rust
{
    for target in $BARE_TARGETS; do echo "$target bare"; done
    for target in $BSD_TARGETS; do echo "$target hosted"; done
} | check_targets
