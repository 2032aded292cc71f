# shellcheck shell=bash
# Runs `cargo test` so that a report at the end can name every failure. Sourced after common.sh.
#
# Most tests here use real processes, signals and clocks. On a machine that other work shares, one of two
# thousand may miss its time. What failed runs once more, one test at a time. A test that fails again is a
# failure. One that passes is reported as unstable, by name and with its first output: a fault of the test, to be
# mended, but not a reason to doubt the change.

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
touch "$reports/all" "$reports/again" "$reports/failures"
test_summary=() test_failures=0

# run_tests --features FEATURES [ARGUMENT...], run_tests --package PACKAGE [ARGUMENT...]: cargo test with these
# arguments. Never fails: see test_failures.
run_tests() {
    local targets target result=ok first=$reports/first
    local label="cargo test $1 '$2'${3:+ ...}" # a list of fifty tests says nothing
    echo "==== cargo test $*"
    SECONDS=0
    if ! cargo test --no-fail-fast "$@" 2>&1 | tee "$first"; then
        # The list that cargo ends with. There is none if something did not compile.
        mapfile -t targets < <(sed -n '/^error: .* targets\? failed:$/,$s/^ *`\(.*\)`$/\1/p' "$first")
        result=unstable
        [ ${#targets[@]} -gt 0 ] || result=FAILED
        for target in "${targets[@]}"; do
            echo "==== once more, one test at a time: $target"
            # shellcheck disable=SC2086 # words
            cargo test --no-fail-fast "$1" "$2" $target -- --test-threads=1 2>&1 | tee -a "$reports/again" || result=FAILED
        done
        {
            echo "---- $result: $label"
            grep -E '^(test .* FAILED$|error\[|error: could not compile)' "$first" || true
            grep -A 3 'panicked at' "$first" | grep -v 'stack backtrace' | head -n 100 || true
        } >>"$reports/failures"
    fi
    [ "$result" != FAILED ] || test_failures=$((test_failures + 1))
    cat "$first" >>"$reports/all"
    test_summary+=("$(printf '%-8s %4ds  %s' "$result" "$SECONDS" "$label")")
}

# report_tests: what failed, in short, then a line for each run, then the sums.
report_tests() {
    cat "$reports/failures"
    echo "==== summary"
    printf '%s\n' "${test_summary[@]}"
    sort -u "${MIO_ST_SKIPPED:-/dev/null}" | sed 's/^/skipped: /'
    awk -v skipped="$(sort -u "${MIO_ST_SKIPPED:-/dev/null}" | wc -l)" '
        !/^test result:/ { next }
        FILENAME == ARGV[1] { passed += $4; unstable += $6; next }
        { failed += $6 }
        END {
            unstable -= failed
            if (unstable) printf "%d unstable: failed at first, passed when run alone\n", unstable
            printf "%d passed, %d failed, %d skipped\n", passed + unstable, failed, skipped
        }' "$reports/all" "$reports/again"
}
