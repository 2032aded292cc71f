#!/usr/bin/env bash
# Proves that the examples and the tests link into complete programs for FreeBSD, NetBSD, OpenBSD and
# macOS: Debian's compiler, and Zig's linker and stubs of those systems' C libraries. Run by hand.
#
# Last result, November 2026, rustc 1.96, Zig 0.17.1, two processors, 13 minutes: all five targets, with
# and without `std`; 41 and 47 programs each; 0 failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/build-std.sh"

# Settings, by environment variable: LINK_TARGETS, of those in the table below; LINK_WHAT; ZIG_VERSION, a
# version of the Python package `ziglang` (the newest if empty).
LINK_TARGETS=${LINK_TARGETS-x86_64-unknown-freebsd x86_64-unknown-netbsd x86_64-unknown-openbsd \
x86_64-apple-darwin aarch64-apple-darwin}
LINK_WHAT=${LINK_WHAT---examples --tests}
ZIG_VERSION=${ZIG_VERSION-0.17.1}

# target_facts TARGET: Zig's name for it, and what file(1) calls its programs.
target_facts() {
    case $1 in
    x86_64-unknown-freebsd) echo 'x86_64-freebsd ELF 64-bit.*executable.*FreeBSD' ;;
    aarch64-unknown-freebsd) echo 'aarch64-freebsd ELF 64-bit.*executable.*FreeBSD' ;;
    x86_64-unknown-netbsd) echo 'x86_64-netbsd ELF 64-bit.*executable.*NetBSD' ;;
    x86_64-unknown-openbsd) echo 'x86_64-openbsd ELF 64-bit.*executable.*OpenBSD' ;;
    x86_64-apple-darwin) echo 'x86_64-macos Mach-O 64-bit .*executable' ;;
    aarch64-apple-darwin) echo 'aarch64-macos Mach-O 64-bit .*executable' ;;
    *) fail "no Zig target for $1" ;;
    esac
}

debian_rust
apt_install file python3-venv
out=$root/target/link-bsd
mkdir -p "$out"
zig_version() { "$out/zig/bin/python" -m ziglang version 2>/dev/null; }
if [ ! -x "$out/zig/bin/python" ] || [[ $(zig_version) != "$ZIG_VERSION"* ]]; then
    rm -rf "$out/zig"
    python3 -m venv "$out/zig"
    "$out/zig/bin/python" -m pip install -q "ziglang${ZIG_VERSION:+==$ZIG_VERSION}"
fi
echo "link-bsd: zig $(zig_version)"

# The linker that rustc calls. Zig has the main libraries of each system only; the libc crate names a few
# more (FreeBSD's four, macOS's iconv), of which a program that does not call them needs none.
cat >"$out/zig-cc" <<'W'
#!/usr/bin/env bash
for argument; do
    shift
    case $argument in
    -lkvm | -lmemstat | -lprocstat | -ldevstat | -liconv) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec "$ZIG_PYTHON" -m ziglang cc -target "$ZIG_TARGET" "$@"
W
chmod +x "$out/zig-cc"
export ZIG_PYTHON=$out/zig/bin/python ZIG_GLOBAL_CACHE_DIR=$out/zig-cache ZIG_LOCAL_CACHE_DIR=$out/zig-cache
export CARGO_PROFILE_DEV_STRIP=none # for Apple's systems it would want rust-objcopy, of another package

# link TARGET FEATURES: prints how many programs were linked; fails if there is none, or one of another kind.
link() {
    local target=$1 linker kind program count=0
    read -r ZIG_TARGET kind <<<"$(target_facts "$target")"
    export ZIG_TARGET
    linker=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$target")_LINKER
    # shellcheck disable=SC2086
    env "$linker=$out/zig-cc" "$CARGO" build --target "$target" --target-dir "$out" $LINK_WHAT --features "$2" \
        -Zbuild-std=std,panic_unwind,test --message-format=json-render-diagnostics >"$out/$target.json" || return 1
    while read -r program; do
        count=$((count + 1))
        file -b "$program" | grep -qE "$kind" || { echo "$program: $(file -b "$program")" >&2; return 1; }
    done < <(grep -oE '"executable":"[^"]+"' "$out/$target.json" | cut -d'"' -f4)
    [ $count -gt 0 ] && echo "$count programs"
}

failed=0
for target in $LINK_TARGETS; do
    for features in "${TARGET_FEATURE_SETS[@]}"; do
        title="$target, features: ${features:-none}"
        SECONDS=0
        if programs=$(link "$target" "$features" 2>"$out/log" </dev/null); then
            echo "ok   $title: $programs (${SECONDS}s)"
        else
            failed=$((failed + 1))
            echo "FAIL $title (${SECONDS}s)"
            grep -vE '^ +(Compiling|Download)' "$out/log" | cut -c1-600 | tail -n 40 | sed 's/^/     /'
        fi
    done
done
echo "link-bsd: $failed failed"
[ "$failed" = 0 ]
