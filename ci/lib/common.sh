# shellcheck shell=bash
# What every script here begins with: the crate's folder as the current one, and the few things that
# more than one of them needs. Sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck disable=SC2034 # for the scripts that source this one
root=$PWD

# Everything that is built is built once for each of these.
# shellcheck disable=SC2034
FEATURE_SETS=("" "std" "std,inline-syscall,log")
# Those of other targets, where the third makes no difference.
# shellcheck disable=SC2034
TARGET_FEATURE_SETS=("" "std")

# fail MESSAGE: says which script failed, and why.
fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# can_be_root: whether as_root works without asking for a password.
can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# apt_get ARGUMENT...: as root, and after any other that is at work: apt-get itself waits for some of its locks.
apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive flock "$root/ci" \
        apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}

# apt_install PACKAGE...: installs what is missing.
apt_install() {
    local package missing=()
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null && can_be_root || fail "please install: ${missing[*]}"
    apt_get update
    apt_get install -y --no-install-recommends "${missing[@]}"
}

# missing_of COMMAND[=PACKAGE]...: the packages of the commands that are not there.
missing_of() {
    local wanted
    for wanted; do
        command -v "${wanted%=*}" >/dev/null || echo "${wanted#*=}"
    done
}

# need COMMAND[=PACKAGE]...: a command from anywhere will do; if there is none, its package is installed.
need() {
    local packages
    mapfile -t packages < <(missing_of "$@")
    apt_install "${packages[@]}"
}

# want COMMAND[=PACKAGE]...: as need, but if it cannot be installed, names what is missing and returns 1.
want() {
    local packages
    mapfile -t packages < <(missing_of "$@")
    [ ${#packages[@]} -gt 0 ] || return 0
    (apt_install "${packages[@]}") >&2 && return 0
    echo "${packages[*]}"
    return 1
}

# The workspace's packages other than the crate itself, as arguments to cargo; none if there are none.
# They are named apart because cargo would otherwise build the crate with the features that they ask for.
other_members() {
    local count
    count=$(cargo metadata --no-deps --format-version 1 | grep -o '"workspace_members":\[[^]]*\]' | grep -o '#' | wc -l)
    [ "$count" -le 1 ] || echo --workspace --exclude mio-st
}

# Packages of their own, outside the workspace: programs that ci/ builds in their own way.
outside_packages() {
    local manifest
    for manifest in ci/*/Cargo.toml; do
        [ ! -f "$manifest" ] || echo "$manifest"
    done
}
