#!/usr/bin/env bash
# Runs every test there is (unit, integration, documentation) for every feature set, and those of the
# other members. Installs the real clients and the tools that the tests drive.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

need nc=netcat-openbsd socat curl strace valgrind

for features in "${FEATURE_SETS[@]}"; do
    echo "== cargo test --features '$features'"
    cargo test --no-fail-fast --features "$features"
done
read -ra others <<<"$(other_members)"
if [ ${#others[@]} -gt 0 ]; then
    echo "== cargo test ${others[*]}"
    cargo test --no-fail-fast "${others[@]}"
fi
echo "test: every test passed"
