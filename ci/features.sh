#!/usr/bin/env bash
# Proves that the library builds without a warning for every combination of its features (the other scripts
# take three of them), by cargo-hack, which is installed below target/ if it is missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

VERSION=0.6.46
if ! cargo hack --version >/dev/null 2>&1; then
    export PATH=$PATH:$root/target/tools/bin
    # A debug build: it runs once.
    cargo hack --version >/dev/null 2>&1 ||
        cargo install --quiet --debug --locked --root target/tools --target-dir target/tools/build "cargo-hack@$VERSION"
fi

cargo hack clippy --quiet --lib --feature-powerset --exclude-features default -- -D warnings -D clippy::incompatible_msrv
count=$(cargo metadata --no-deps --format-version 1 |
    python3 -c 'import json, sys; print(next(2 ** (len(p["features"]) - 1) for p in json.load(sys.stdin)["packages"] if p["name"] == "mio-st"))')
echo "features: clean for all $count combinations"
