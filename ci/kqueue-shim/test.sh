#!/bin/sh
# Builds the shim and runs its tests: under each personality, and once with the shared library.
# usage: ci/kqueue-shim/test.sh [OUT]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../target/kqueue-shim}
"$here/build.sh" "$out"
compile="${CC:-cc} -std=c11 -O1 -g -Wall -Wextra -Werror ${CFLAGS:-} -I$here $here/test*.c"
$compile "$out/libkqueue_shim.a" -pthread -lutil -o "$out/test-static"
$compile -L"$out" -lkqueue_shim -Wl,-rpath,"$out" -pthread -lutil -o "$out/test-shared"
"$out/test-shared"
for personality in lenient freebsd netbsd openbsd macos spiteful; do
	echo "the shim as $personality:"
	MIO_ST_KQUEUE_PERSONALITY=$personality "$out/test-static"
done
if MIO_ST_KQUEUE_PERSONALITY=nobody "$out/test-static" 2>"$out/unknown"; then
	echo "test.sh: a personality that there is not was accepted" >&2
	exit 1
fi
grep -q "no 'nobody', but lenient" "$out/unknown"
