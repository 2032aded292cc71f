# shellcheck shell=bash
# What every script here begins with: the crate's folder as the current one, and the few things that
# more than one of them needs. Sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck disable=SC2034 # for the scripts that source this one
root=$PWD

# Everything that is built is built once for each of these.
# shellcheck disable=SC2034
FEATURE_SETS=("" "std" "std,inline-syscall")
# Those of other targets, where the third makes no difference.
# shellcheck disable=SC2034
TARGET_FEATURE_SETS=("" "std")

# fail MESSAGE: says which script failed, and why.
fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# apt_install PACKAGE...: installs what is missing.
apt_install() {
    local package missing=()
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install: ${missing[*]}"
    as_root apt-get -qq update >&2
    # Another apt-get may be at work: wait for it.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
        --no-install-recommends "${missing[@]}" >&2
}

# need COMMAND[=PACKAGE]...: a command from anywhere will do; where there is none, its package is installed.
need() {
    local wanted packages=()
    for wanted; do
        command -v "${wanted%=*}" >/dev/null || packages+=("${wanted#*=}")
    done
    apt_install "${packages[@]}"
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
