#!/bin/sh
# Builds libkqueue_shim.a and libkqueue_shim.so into OUT (default target/kqueue-shim).
# usage: ci/kqueue-shim/build.sh [OUT]
# shellcheck disable=SC2086 # the lists are meant to be split
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../target/kqueue-shim}
mkdir -p "$out"
objects=
for source in "$here"/*.c; do
	name=$(basename "$source" .c)
	case $name in test*) continue ;; esac
	${CC:-cc} -std=c11 -O2 -g -fPIC -Wall -Wextra -Werror ${CFLAGS:-} -c "$source" -o "$out/$name.o"
	objects="$objects $out/$name.o"
done
rm -f "$out/libkqueue_shim.a"
${AR:-ar} rcs "$out/libkqueue_shim.a" $objects
${CC:-cc} -shared ${CFLAGS:-} -o "$out/libkqueue_shim.so" $objects -pthread
rm -f $objects
