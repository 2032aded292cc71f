#!/usr/bin/env bash
# Proves that clippy, and the lints that Cargo.toml denies, have nothing to say: about the library, the
# tests and the examples, for every feature set, and about the other packages.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

for features in "${FEATURE_SETS[@]}"; do
    cargo clippy --quiet --all-targets --features "$features" -- -D warnings -D clippy::incompatible_msrv
done
read -ra others <<<"$(other_members)"
if [ ${#others[@]} -gt 0 ]; then
    cargo clippy --quiet --all-targets "${others[@]}" -- -D warnings
fi
for manifest in $(outside_packages); do
    cargo clippy --quiet --manifest-path "$manifest" -- -D warnings
done
echo "lint: clean for ${#FEATURE_SETS[@]} feature sets"
