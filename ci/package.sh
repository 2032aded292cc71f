#!/usr/bin/env bash
# Proves that what `cargo publish` would upload is what it should be, no file more, and that it builds by
# itself, with its examples, for every feature set. Refuses uncommitted changes; --allow-dirty lets them in.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

EXPECTED='Cargo\.(toml|toml\.orig|lock)|\.cargo_vcs_info\.json|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING|SECURITY)\.md|LICENSE-(APACHE|MIT)'
EXPECTED+='|(src|std-adapter|examples)/[a-z0-9_/]+\.rs|examples/README\.md|src/guide/[a-z0-9_]+\.md|benches/(README\.md|headline\.rs|charts/[a-z-]+\.svg)'
NEEDED=(Cargo.toml README.md LICENSE-APACHE LICENSE-MIT src/lib.rs)

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cargo package --quiet --no-verify --package mio-st --target-dir "$out" "$@"
tar -xzf "$out"/package/mio-st-*.crate -C "$out"
rm -r "$out/package"
cd "$out"/mio-st-*

find . -type f -printf '%P\n' | sort >"$out/list"
! grep -vxE "$EXPECTED" "$out/list" || fail "the package holds the unexpected files above"
for file in "${NEEDED[@]}"; do
    grep -qxF "$file" "$out/list" || fail "the package lacks $file"
done
# A link of the README to a file leads somewhere in the package, too.
for link in $(grep -oE '\]\([^)#]+' README.md | cut -c 3- | grep -v '^https\?:'); do
    [ -e "$link" ] || fail "README.md links to $link, which the package lacks"
done
# Each module is in it: a folder that `include` in Cargo.toml forgets would be seen by the build as well,
# but only where this system compiles it.
(cd "$root" && find src std-adapter examples -name '*.rs' 2>/dev/null) | sort | comm -23 - "$out/list" >"$out/forgotten"
[ ! -s "$out/forgotten" ] || fail "the package lacks $(tr '\n' ' ' <"$out/forgotten")"

for features in "${FEATURE_SETS[@]}"; do
    cargo check --quiet --lib --examples --features "$features" --target-dir "$out/target"
done
cat "$out/list"
echo "package: $(wc -l <"$out/list") files, builds by itself for ${#FEATURE_SETS[@]} feature sets"
