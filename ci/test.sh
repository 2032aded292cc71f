#!/usr/bin/env bash
# Runs every test of the crate (unit, integration, documentation) for every feature set, and the program for
# version 0.2 in tests/edition-2018. Prints each run as it begins, makes all runs even if one fails, runs what
# failed once more (ci/lib/cargo_test.sh), and ends with a summary: the names and messages of the failures, tests
# passed and failed, and each test that was skipped and why.
#
# Some tests drive real clients and tools. Missing ones are installed with apt, if this is Debian and root's
# password is not needed. Without them the tests concerned are skipped and listed; in CI (CI=true) a skipped
# tool is a failure.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source ci/lib/cargo_test.sh

# Half of the disk space and two thirds of the time of a debug build. A panic still names its line.
export CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG-0} CARGO_INCREMENTAL=${CARGO_INCREMENTAL-0}

TOOLS=(nc=netcat-openbsd socat curl dig=bind9-dnsutils strace wrk ab=apache2-utils)

export MIO_ST_SKIPPED=$reports/skipped # where a test that skips writes why: tests/support/skip.rs
touch "$MIO_ST_SKIPPED"

if ! missing=$(want "${TOOLS[@]}"); then
    [ -z "${CI-}" ] || fail "these tools are missing and cannot be installed: $missing"
    echo "test: missing, and not installed without root: $missing"
    echo "test: the tests that need them are skipped, and listed at the end"
fi

for features in "${FEATURE_SETS[@]}"; do run_tests --features "$features"; done
run_tests --package mio-st-edition-2018

report_tests
[ "$test_failures" = 0 ]
