#!/usr/bin/env bash
# Proves that the documentation builds without a warning (no broken link, no missing page), for every
# feature set.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

for features in "${FEATURE_SETS[@]}"; do
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --features "$features"
done
echo "docs: clean for ${#FEATURE_SETS[@]} feature sets"
