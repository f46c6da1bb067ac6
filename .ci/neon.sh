#!/usr/bin/env bash
# The tests of the kernels on an emulated ARM processor: NEON. Needs apt-get install gcc-aarch64-linux-gnu qemu-user, and
# rustup target add aarch64-unknown-linux-gnu.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/kernels.sh target/neon
cd target/neon
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
SWEEP_REQUIRE=neon CARGO_TARGET_DIR=target cargo test --lib --target aarch64-unknown-linux-gnu
