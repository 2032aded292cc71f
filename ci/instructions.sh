#!/usr/bin/env bash
# Guards the speed by what can be measured on any machine: instructions in user space, counted by callgrind.
# Fails where a figure of ci/instructions.txt is no longer true, for better or for worse; --write puts in the
# new ones.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need valgrind

FILE=ci/instructions.txt
# Per cent, by the compiler that made the figures, and by another, which may do better or worse.
WORSE=3 BETTER=10
WORSE_ELSEWHERE=30

cargo build --quiet --release --package mio-st-benches --bin work
# A user's crate, with and without the system call inlined.
USER_CRATE=target/user-crate
for features in "" inline-syscall; do
    cargo build --quiet --release --manifest-path ci/user-crate/Cargo.toml --bin user-crate \
        --target-dir "$USER_CRATE/$features" --features "$features"
done

# count SECTION NAME: instructions per operation in two rounds of this library's part of a contest, or in the
# work of a user's crate.
count() {
    local ops log command
    case "$1" in
    "user's crate") command=("$USER_CRATE/release/user-crate" "$2" mio-st) ;;
    "user's crate, raw") command=("$USER_CRATE/release/user-crate" "$2" raw) ;;
    "user's crate, inline-syscall") command=("$USER_CRATE/inline-syscall/release/user-crate" "$2" mio-st) ;;
    *) command=(target/release/work "$1" "$2" mio-st 2) ;;
    esac
    log=$(mktemp)
    ops=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured_work*' \
        "${command[@]}" 2>"$log") || { cat "$log"; fail "callgrind failed"; }
    awk -v ops="$ops" '/Collected :/ { printf "%.1f\n", $NF / ops; found = 1 } END { exit !found }' "$log"
    rm "$log"
}

compiler="$(rustc --version | cut -d ' ' -f 1,2), $(uname -m)"
known=$(sed -n 's/^# Made by //p' "$FILE")
if [ "${known##*, }" != "${compiler##*, }" ]; then
    echo "instructions: the figures are for ${known##*, }, this is ${compiler##*, }: nothing compared"
    WORSE=1000000 BETTER=1000000
elif [ "$known" != "$compiler" ]; then
    echo "instructions: the figures are by $known, this is $compiler: compared loosely"
    WORSE=$WORSE_ELSEWHERE BETTER=1000000
fi

failed=0 lines=()
while IFS='|' read -r figure section name; do
    now=$(count "$section" "$name")
    lines+=("$now|$section|$name")
    verdict=$(awk -v now="$now" -v figure="$figure" -v worse="$WORSE" -v better="$BETTER" 'BEGIN {
        if (now > figure * (1 + worse / 100) + 1) print "WORSE"
        else if (now < figure * (1 - better / 100) - 1) print "BETTER: write it down"
        else print "ok"
    }')
    [ "$verdict" = ok ] || failed=$((failed + 1))
    printf '%8.1f %8.1f  %s: %s  %s\n' "$figure" "$now" "$section" "$name" "$verdict"
done < <(grep -v '^#' "$FILE")

if [ "${1-}" = --write ]; then
    { sed -n '/^#/p' "$FILE" | sed "s/^# Made by .*/# Made by $compiler/" && printf '%s\n' "${lines[@]}"; } >"$FILE.new"
    mv "$FILE.new" "$FILE"
    echo "instructions: written to $FILE"
    exit
fi
[ "$failed" = 0 ] || fail "$failed figures have changed; run ci/instructions.sh --write if that is intended"
echo "instructions: ${#lines[@]} figures hold"
