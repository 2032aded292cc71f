# shellcheck shell=bash
# Builds for systems that rustup's toolchain has no standard library for. Debian's rustc comes with the
# source of its own, from which `-Zbuild-std` makes the library of any target. Sourced after common.sh.
#
# Settings, by environment variable:
#   CLIPPY (1)  lint as well: 0 checks types only
#   JOBS        targets checked at once; as many as there are processors
CLIPPY=${CLIPPY-1}
JOBS=${JOBS:-$(nproc)}

# debian_rust: installs Debian's compiler, cargo, clippy and library source (in Debian 12 the new Rust has
# the suffix "-web"); sets RUSTC, RUSTDOC, CARGO, CARGO_CLIPPY.
debian_rust() {
    local names source
    if known rustc-web; then
        names=(rustc-web cargo-web rust-web-clippy rust-web-src)
    else
        names=(rustc cargo rust-clippy rust-src)
    fi
    apt_install "${names[@]}"
    RUSTC=$(in_package "${names[0]}" rustc)
    CARGO=$(in_package "${names[1]}" cargo)
    CARGO_CLIPPY=$(in_package "${names[2]}" cargo-clippy)
    RUSTDOC=$(in_package "${names[0]}" rustdoc)
    source=$("$RUSTC" --print sysroot)/lib/rustlib/src/rust/library
    [ -f "$source/Cargo.toml" ] || fail "no library source at $source"
    unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
    export RUSTC RUSTDOC CARGO CARGO_CLIPPY RUSTC_BOOTSTRAP=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
    "$CARGO" fetch --quiet
    echo "$(basename "$0" .sh): $("$RUSTC" --version)"
}
known() { apt_knows "$1" || { apt_get update && apt_knows "$1"; }; }
apt_knows() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }
in_package() { dpkg -L "$1" | grep "/bin/$2\$" | grep -v /share/ | head -n 1 || fail "no $2 in the package $1"; }

# check_targets: checks each line "TARGET KIND" of the standard input, several at once, and prints what
# came of it. KIND is
#   full    clippy on everything, for every feature set
#   hosted  clippy on everything with std, and on the library and the examples without it: the tests that need
#           no std are the same in both
#   bare    clippy on the library without features, on the core library alone
# The documentation is built as well for those targets that docs.rs is told to show.
check_targets() {
    local name results passed failed
    name=$(basename "$0" .sh)
    out=$PWD/target/$name
    export out CLIPPY
    results=$out/results
    mkdir -p "$out"
    # shellcheck disable=SC2016 # the words are the inner shell's
    xargs -P "$JOBS" -L 1 bash -c 'source "$0"/common.sh && source "$0"/build-std.sh && check_"$2" "$1"' \
        "$PWD/ci/lib" | tee "$results"
    passed=$(grep -c '^ok ' "$results" || true)
    failed=$(grep -c '^FAIL ' "$results" || true)
    echo "$name: $passed checks passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

check_full() {
    local features
    for features in "${TARGET_FEATURE_SETS[@]}"; do
        check lint "$1" "$features" --all-targets "${STD[@]}"
    done
    check_docs "$1"
}
check_hosted() {
    check lint "$1" "" --lib --examples "${STD[@]}"
    check lint "$1" std --all-targets "${STD[@]}"
    check_docs "$1"
}
check_docs() {
    # `targets = [...]` of docs.rs' section.
    ! sed -n '/^\[package.metadata.docs.rs\]/,/^$/p' Cargo.toml | grep -qF "\"$1\"" ||
        check docs "$1" "std,log,embedded-io" --no-deps --lib "${STD[@]}"
}
check_bare() { check lint "$1" "" --lib -Zbuild-std=core; }

# The standard library without its backtraces, which are a third of the time that it takes. With `test` always,
# or cargo would build all that depends on it twice.
STD=(-Zbuild-std=std,panic_abort,test -Zbuild-std-features=)

# check lint|types|docs TARGET FEATURES ARGUMENT...: one run of cargo, one line of result, and the log where it failed.
check() {
    local what=$1 target=$2 features=$3 title log command
    shift 3
    [ "$CLIPPY" = 1 ] || [ "$what" = docs ] || what=types
    title="$target, features: ${features:-none}, $what"
    log=$out/$target-${features:-none}-$what.log
    command=("$CARGO" check)
    [ "$what" != lint ] || command=("$CARGO_CLIPPY" clippy)
    [ "$what" != docs ] || command=(env "RUSTDOCFLAGS=-D warnings" "$CARGO" doc)
    # Cargo would compile the standard library even to check what uses it.
    command=(env RUSTFLAGS=-Zno-codegen "${command[@]}")
    # All that there is to say, not only the first package's or program's.
    command+=(--keep-going --target "$target" --target-dir "$out/$target" --features "$features" "$@")
    # A false alarm where thread locals have no linker's help (OpenBSD): the macro then writes what it warns of.
    [ "$what" != lint ] || command+=(-- -D warnings -A clippy::missing_const_for_thread_local)
    SECONDS=0
    if "${command[@]}" >"$log" 2>&1 </dev/null; then
        echo "ok   $title (${SECONDS}s)"
    else
        # In one piece, because others print too.
        printf '%s\n' "FAIL $title (${SECONDS}s)" \
            "$(grep -vE '^ +(Compiling|Checking|Download)' "$log" | tail -n 60 | sed 's/^/     /')"
    fi
}
