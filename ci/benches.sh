#!/usr/bin/env bash
# Proves that the benches build, with all of their peers but the C libraries', and runs their own tests. Needs
# a newer Rust than the library does: see rust-version in benches/peers/Cargo.toml.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

ci/figures.py --self-test
cargo test --no-fail-fast --package mio-st-benches
cargo check --quiet --package mio-st-benches --benches
echo "benches: they build, and their tests passed"
