#!/usr/bin/env bash
# By hand, on a quiet machine: measures the README's table three times, and writes the medians and how far the
# runs lie apart into README.md. Takes a quarter of an hour. Arguments go to ci/table.sh: --quick, --rounds=N.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

out=$root/target/headline
mkdir -p "$out"
for run in 1 2 3; do
    ci/table.sh poll "user events" "10,000 deadlines" echo --no-tools "$@" >"$out/$run"
done
ci/figures.py --write "$out"/[123]
git diff --stat README.md
