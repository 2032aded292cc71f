#!/bin/sh
# Builds the shim and runs its tests, linked statically and as a shared library.
# usage: ci/kqueue-shim/test.sh [OUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../target/kqueue-shim}
"$here/build.sh" "$out"
compile="${CC:-cc} -std=c11 -O1 -g -Wall -Wextra -Werror ${CFLAGS:-} -I$here $here/test*.c"
$compile "$out/libkqueue_shim.a" -pthread -lutil -o "$out/test-static"
$compile -L"$out" -lkqueue_shim -Wl,-rpath,"$out" -pthread -lutil -o "$out/test-shared"
"$out/test-static"
"$out/test-shared"
