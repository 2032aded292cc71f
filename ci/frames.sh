#!/usr/bin/env bash
# Proves that a poll is short: without inlining, at most six frames, the first and the last included, lie
# between `Poller::poll` and the system call, and between `Poller::poll` and the function that puts an
# expired timer or a user event into the batch; and between `Poller::register` of a socket and its system
# call, which are five functions and that of libc. gdb(1) stops a debug build there; with -v its stacks are shown.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
[ "$(uname -sm)" = "Linux x86_64" ] || fail "this needs Linux on x86-64"
need gdb

MOST=6
PROGRAM=target/frames/debug/frames
# at FUNCTION: where a function of the batch begins.
at() { echo "break batch.rs:$(grep -n "fn $1(" src/events/batch.rs | cut -d : -f 1)"; }
SYSTEM_CALL="catch syscall epoll_wait epoll_pwait2"

CARGO_PROFILE_DEV_DEBUG=line-tables-only cargo build --quiet --manifest-path ci/user-crate/Cargo.toml \
    --target-dir target/frames --bin frames

failed=0
# check STEP STOP [GO-ON...]: counts the frames of the step's poll at the first stop, or at a later one.
check() {
    local stack count
    stack=$(DEBUGINFOD_URLS='' gdb -nx -batch -ex "$2" -ex run "${@:3}" -ex bt --args "$PROGRAM" "$1" 2>&1 |
        grep -E '^#[0-9]+ ' | sed '/ main ()/,$d')
    count=$(grep -c . <<<"$stack") || true
    printf '%-18s %d frames\n' "$1" "$count"
    [ "${show-}" = "" ] || echo "$stack"
    if [ "$count" = 0 ] || [ "$count" -gt "$MOST" ] || ! tail -1 <<<"$stack" | grep -q "${outer- poll<}"; then
        failed=$((failed + 1))
    fi
}

[ "${1-}" != -v ] || show=1
# A system call stops twice, at its beginning and at its end: the second call is the one that waits.
second=(-ex continue -ex continue)
check no-wait "$SYSTEM_CALL"
for step in sleep sleep-nanos sleep-with-timer spin; do check "$step" "$SYSTEM_CALL" "${second[@]}"; done
# The first poll(2) is made by the runtime, before `main`.
check sleep-precise "catch syscall poll" "${second[@]}"
check timer "$(at push)"
check source "$(at push)"
check notification "$(at extend)"
outer="Poller<_,_>>*::register" check register "catch syscall epoll_ctl"
[ "$failed" = 0 ] || fail "$failed stacks are no poll's, or deeper than $MOST frames: see them by -v"
echo "frames: a poll and a registration have $MOST at most"
