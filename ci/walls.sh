#!/usr/bin/env bash
# Proves that the boundaries hold: no std under src/ even with the feature `std`, no use that points upward
# between layers, unsafe only in the files listed below; and that each check rejects a copy that breaks it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need python3
export PYTHONDONTWRITEBYTECODE=1

# Where `unsafe` may stand, as path prefixes, and why.
UNSAFE_FILES=(
    src/sys/               # system calls, and the memory that the kernel writes
    src/wheel/prefetch.rs  # a hint to the processor, one instruction without effect
    src/slab/mod.rs        # init_in, here and below: a value made in place of all zeroes, one block each
    src/ready_queue/mod.rs # "
    src/wheel/create.rs    # "
    src/poller/create.rs   # "
    src/events/batch.rs    # slices of what the kernel has written, without a bounds check in each poll
    src/unix/io.rs         # from_raw_fd: the caller's descriptor is adopted
    src/unix/pipe.rs       # "
    src/socket/socket.rs   # "
    std-adapter/net/       # FromRawFd is an unsafe trait: the caller's descriptor is adopted
    std-adapter/socket.rs  # AsFd lends a descriptor, and descriptors from and to std
    std-adapter/poller.rs  # AsFd lends the kernel queue's descriptor
    std-adapter/boxed.rs   # a value that was initialized in its allocation
    std-adapter/unix.rs    # AsFd and FromRawFd, and std's lists of buffers
)

# A copy to break. Everything but what git and cargo make, so that each path in Cargo.toml exists.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar --exclude=target --exclude=.git -cf - . | tar -xf - -C "$copy"
check_copy() { cargo check --quiet --lib --features std --manifest-path "$copy/Cargo.toml" --target-dir "$copy/target" "$@"; }

code() { (cd "$1" && shift && python3 "$root/ci/lib/rust_code.py" "$@"); }
extern_crates() { code "$1" src | grep -E '\bextern crate (std|alloc)\b'; }
stray_unsafe() { code "$1" src std-adapter | grep -w unsafe | grep -vE "^($(IFS='|' && echo "${UNSAFE_FILES[*]//./\\.}"))"; }

# -- The code as it is --------------------------------------------------------------------------------
check_copy || fail "the crate does not build"
! extern_crates "$root" || fail "src/ uses std: see the lines above"
! stray_unsafe "$root" || fail "unsafe outside of the files that ci/walls.sh lists: see the lines above"
python3 ci/layers.py >"$copy/layers.log" || { cat "$copy/layers.log"; fail "a use points upward"; }

# -- The checks themselves: each file of src/ that is compiled here tries to use std ---------------------
mapfile -t files < <(grep -hoE '^src/[^:]+\.rs:' "$copy"/target/debug/deps/mio_st-*.d | tr -d : | grep -vF /../ | sort -u)
[ ${#files[@]} -gt 0 ] || fail "cargo names no file of src/"
for file in "${files[@]}"; do
    printf '\nuse std::mem as wall_probe_use;\nfn wall_probe_path() { std::mem::drop(0) }\n' >>"$copy/$file"
done
! check_copy --message-format short 2>"$copy/std.log" || fail "std can be used under src/"
for file in "${files[@]}"; do
    for error in E0432 E0433; do # an import, a path
        grep -qE "^$file:[0-9:]+ error\[$error\]" "$copy/std.log" || fail "$file can use std ($error is missing)"
    done
done

echo 'extern crate std;' >>"$copy/src/lib.rs"
extern_crates "$copy" >/dev/null || fail "an extern crate std in src/lib.rs is not seen"
echo 'fn wall_probe_unsafe() { unsafe {} }' >>"$copy/src/error/mod.rs"
stray_unsafe "$copy" >/dev/null || fail "unsafe in src/error/mod.rs is not seen"
echo 'use crate::interests::Interests as WallProbe;' >>"$copy/src/error/mod.rs"
! python3 ci/layers.py "$copy" >/dev/null || fail "an upward use in src/error/mod.rs is not seen"
python3 ci/layers.py --self-test >/dev/null

echo "walls: std kept out of ${#files[@]} files, no use points upward, no stray unsafe; each check can fail"
