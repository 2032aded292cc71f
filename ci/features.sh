#!/usr/bin/env bash
# Proves that the library builds without a warning for every combination of its features (the other scripts
# take three of them).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

mapfile -t combinations < <(cargo metadata --no-deps --format-version 1 | python3 -c '
import itertools, json, sys
package = next(p for p in json.load(sys.stdin)["packages"] if p["name"] == "mio-st")
features = sorted(set(package["features"]) - {"default"})
for count in range(len(features) + 1):
    print(*map(",".join, itertools.combinations(features, count)), sep="\n")')
[ ${#combinations[@]} -gt 1 ] || fail "Cargo.toml has no features"
for features in "${combinations[@]}"; do
    cargo clippy --quiet --lib --no-default-features --features "$features" -- -D warnings -D clippy::incompatible_msrv ||
        fail "with the features: ${features:-none}"
done
echo "features: clean for all ${#combinations[@]} combinations"
