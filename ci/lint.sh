#!/usr/bin/env bash
# Proves that clippy, and the lints that Cargo.toml denies, have nothing to say: about the library, the
# tests and the examples, for every feature set, and about the other packages; and that the library builds
# whatever order the compiler gives to the fields of a type, and with the stub backend.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

for features in "${TARGET_FEATURE_SETS[@]}"; do
    cargo clippy --quiet --all-targets --features "$features" -- -D warnings -D clippy::incompatible_msrv
done
# What the other features change is the library, which ci/features.sh looks at, and one file of tests.
cargo clippy --quiet --test options --features "${FEATURE_SETS[-1]}" -- -D warnings -D clippy::incompatible_msrv
read -ra others <<<"$(other_members)"
if [ ${#others[@]} -gt 0 ]; then
    cargo clippy --quiet --all-targets "${others[@]}" -- -D warnings
fi
for manifest in $(outside_packages); do
    cargo clippy --quiet --manifest-path "$manifest" -- -D warnings
done
# The template for the next backend.
for features in "" std; do
    RUSTFLAGS='--cfg mio_st_backend="stub"' cargo clippy --quiet --features "$features" --target-dir target/stub -- -D warnings
done
# What the code relies on must not be how today's compiler lays out a type.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zrandomize-layout cargo check --quiet --features std --target-dir target/randomized
echo "lint: clean for ${#FEATURE_SETS[@]} feature sets"
