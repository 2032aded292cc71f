#!/usr/bin/env bash
# Runs every test of the crate (unit, integration, documentation) for every feature set, and the program for
# version 0.2 in tests/edition-2018. Prints each step as it begins and ends, runs all steps whatever fails,
# and ends with a summary: tests passed and failed, the names of the failures, and each test that was
# skipped and why.
#
# Some tests drive real clients and tools. Missing ones are installed with apt, if this is Debian and root's
# password is not needed. Without them the tests concerned are skipped and listed; in CI (CI=true) a skipped
# tool is a failure.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

# Half of the disk space and two thirds of the time of a debug build. A panic still names its line.
export CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG-0} CARGO_INCREMENTAL=${CARGO_INCREMENTAL-0}

TOOLS=(nc=netcat-openbsd socat curl dig=bind9-dnsutils strace wrk ab=apache2-utils)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export MIO_ST_SKIPPED=$scratch/skipped # where a test that skips writes why: tests/support/skip.rs
touch "$MIO_ST_SKIPPED"

if ! missing=$(want "${TOOLS[@]}"); then
    [ -z "${CI-}" ] || fail "these tools are missing and cannot be installed: $missing"
    echo "test: missing, and not installed without root: $missing"
    echo "test: the tests that need them are skipped, and listed at the end"
fi

steps=()
for features in "${FEATURE_SETS[@]}"; do steps+=("cargo test --no-fail-fast --features '$features'"); done
steps+=("cargo test --no-fail-fast --package mio-st-edition-2018")

summary=() failed=0
for ((n = 0; n < ${#steps[@]}; n++)); do
    echo "==== [$((n + 1))/${#steps[@]}] ${steps[n]}"
    SECONDS=0 result=ok
    eval "${steps[n]}" 2>&1 | tee "$scratch/log" || { result=FAILED failed=$((failed + 1)); }
    cat "$scratch/log" >>"$scratch/logs"
    summary+=("$(printf '%-6s %4ds  %s' "$result" "$SECONDS" "${steps[n]}")")
done

echo "==== summary"
printf '%s\n' "${summary[@]}"
grep -hE '^test .* FAILED$' "$scratch/logs" | sort | uniq -c || true
sort -u "$MIO_ST_SKIPPED" | sed 's/^/skipped: /'
awk -v skipped="$(sort -u "$MIO_ST_SKIPPED" | wc -l)" '/^test result:/ { passed += $4; failed += $6 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$scratch/logs"
[ "$failed" = 0 ]
