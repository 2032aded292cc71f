#!/usr/bin/env bash
# Runs every test, for every feature set, on the kqueue backend: here, on Linux, linked with ci/kqueue-shim,
# whose own tests come first; then what a kernel has a part in under each of its personalities. Or with any
# other library that has `kqueue` and `kevent` in macOS's layout.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source ci/lib/cargo_test.sh

# Settings, by environment variable, to link another library: MIO_ST_KQUEUE_LIB, as rustc's -l takes it
# (static=NAME, dylib=NAME), and MIO_ST_KQUEUE_LIB_DIR, where it lies.
#   MIO_ST_KQUEUE_LIB=dylib=other MIO_ST_KQUEUE_LIB_DIR=/opt/other/lib ci/kqueue.sh
# Arguments go to cargo test: ci/kqueue.sh --test conformance
# MIO_ST_KQUEUE_PERSONALITY, where it is set, is the only personality: MIO_ST_KQUEUE_PERSONALITY=macos ci/kqueue.sh
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

# The first for all feature sets, the others for std, whose tests are the others' too.
PERSONALITIES=(freebsd netbsd openbsd macos spiteful)
# Tests in which no kernel has a part; and those of the largest examples, whose kernel is the library's.
NO_KERNEL=" ui userspace wheel async http_server proxy "

with_kernel() {
    local name
    for name in tests/*.rs tests/*/main.rs; do
        name=${name#tests/} name=${name%/main.rs} name=${name%.rs}
        [ -n "${NO_KERNEL##* "$name" *}" ] && echo --test "$name"
    done
}

personalities=("${PERSONALITIES[@]}")
[ "$MIO_ST_KQUEUE_LIB" = static=kqueue_shim ] || personalities=("")
[ -z "${MIO_ST_KQUEUE_PERSONALITY-}" ] || personalities=("$MIO_ST_KQUEUE_PERSONALITY")
export MIO_ST_KQUEUE_PERSONALITY=${personalities[0]}

# test_as FEATURES ARGUMENT...
test_as() {
    local features=$1
    shift
    echo "== on kqueue by $MIO_ST_KQUEUE_LIB${MIO_ST_KQUEUE_PERSONALITY:+ as $MIO_ST_KQUEUE_PERSONALITY}"
    run_tests --features "$features" "$@"
    test_summary[-1]+="${MIO_ST_KQUEUE_PERSONALITY:+, as $MIO_ST_KQUEUE_PERSONALITY}"
}

for features in "${TARGET_FEATURE_SETS[@]}"; do
    test_as "$features" "$@"
done
for MIO_ST_KQUEUE_PERSONALITY in "${personalities[@]:1}"; do
    # shellcheck disable=SC2046 # words
    if [ $# -gt 0 ]; then test_as std "$@"; else test_as std --lib $(with_kernel); fi
done
report_tests
[ "$test_failures" = 0 ] || fail "tests failed"
echo "kqueue: every test passed with $MIO_ST_KQUEUE_LIB"
