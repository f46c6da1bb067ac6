#!/usr/bin/env bash
# AddressSanitizer on the kernels for processors that need no libtorch, as a crate of their own in target/asan.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/kernels.sh target/asan
host=$(rustc -vV | sed -n 's/^host: //p')
# The sanitizer is not stable yet; the variable lets the stable compiler have it.
cd target/asan
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=target cargo test --lib --target "$host"
