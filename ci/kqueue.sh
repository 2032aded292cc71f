#!/usr/bin/env bash
# Runs every test, for every feature set, on the kqueue backend: here, on Linux, linked with ci/kqueue-shim,
# whose own tests come first; or with any other library that has `kqueue` and `kevent` in macOS's layout.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

# Settings, by environment variable, to link another library: MIO_ST_KQUEUE_LIB, as rustc's -l takes it
# (static=NAME, dylib=NAME), and MIO_ST_KQUEUE_LIB_DIR, where it lies.
#   MIO_ST_KQUEUE_LIB=dylib=other MIO_ST_KQUEUE_LIB_DIR=/opt/other/lib ci/kqueue.sh
# Arguments go to cargo test: ci/kqueue.sh --test conformance
need cc=gcc nc=netcat-openbsd socat curl dig=bind9-dnsutils

export CARGO_TARGET_DIR=$root/target/kqueue
export CARGO_PROFILE_DEV_DEBUG=0 # some fifty programs, built faster
if [ -z "${MIO_ST_KQUEUE_LIB-}" ]; then
    ci/kqueue-shim/test.sh "$CARGO_TARGET_DIR/shim"
    MIO_ST_KQUEUE_LIB=static=kqueue_shim MIO_ST_KQUEUE_LIB_DIR=$CARGO_TARGET_DIR/shim
fi
: "${MIO_ST_KQUEUE_LIB_DIR:?where is $MIO_ST_KQUEUE_LIB?}"
MIO_ST_KQUEUE_LIB_DIR=$(cd "$MIO_ST_KQUEUE_LIB_DIR" && pwd)

# Cargo does not see that a library has changed, and rustc has copied a static one.
mkdir -p "$CARGO_TARGET_DIR"
library=$(cat "$MIO_ST_KQUEUE_LIB_DIR"/lib"${MIO_ST_KQUEUE_LIB#*=}".* | sha256sum)
if [ "$library" != "$(cat "$CARGO_TARGET_DIR/library" 2>/dev/null)" ]; then
    rm -rf "$CARGO_TARGET_DIR/debug"
    echo "$library" >"$CARGO_TARGET_DIR/library"
fi

export RUSTFLAGS="--cfg mio_st_backend=\"kqueue\" -L native=$MIO_ST_KQUEUE_LIB_DIR -l $MIO_ST_KQUEUE_LIB"
# rustdoc has no -l, and needs none: the library is named in the crate.
export RUSTDOCFLAGS=${RUSTFLAGS% -l *}
export LD_LIBRARY_PATH=$MIO_ST_KQUEUE_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
failed=0
for features in "${TARGET_FEATURE_SETS[@]}"; do
    echo "== cargo test --features '$features', on kqueue by $MIO_ST_KQUEUE_LIB"
    cargo test --no-fail-fast --features "$features" "$@" || failed=$((failed + 1))
done
[ "$failed" = 0 ] || fail "tests failed for $failed feature sets of ${#TARGET_FEATURE_SETS[@]}"
echo "kqueue: every test passed with $MIO_ST_KQUEUE_LIB"
