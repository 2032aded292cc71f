#!/usr/bin/env bash
# Proves that every Rust file is formatted as rustfmt formats it: the crate's, with what it mounts from
# std-adapter/, the other members' and the packages' outside the workspace.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

cargo fmt --all --check
for manifest in $(outside_packages); do
    cargo fmt --manifest-path "$manifest" --check
done
echo "format: clean"
