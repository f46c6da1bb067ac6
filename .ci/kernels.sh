#!/usr/bin/env bash
# Makes a crate of the kernels for processors that need no libtorch, with their tests: their files, and what they use.
# .ci/kernels.sh FOLDER
set -euo pipefail
crate=$(realpath -m "$1")
cd "$(dirname "$0")/.."
from=src/model
rm -rf "$crate/src"
mkdir -p "$crate/src/model/backend/cpu"
cp "$from"/backend/cpu/{matrix,panels,rows,small_product,transpose}.rs "$crate/src/model/backend/cpu/"
cp -r "$from"/backend/cpu/{isa,panels} "$crate/src/model/backend/cpu/"
cp "$from/dropout.rs" "$crate/src/model/"
cp tests/needs/mod.rs "$crate/src/needs.rs"
cp src/split_mix.rs "$crate/src/"
# Without what makes tensors of random numbers.
sed -e '/^use tch/d' -e '/^use super::compute_error/d' -e '/^#\[cfg(test)\]/,$d' -e '/^\/\/\/ The random bits of each state/,/^}/d' "$from/random.rs" \
    >"$crate/src/model/random.rs"
cat >"$crate/src/model/mod.rs" <<'RUST'
pub mod backend {
    pub mod cpu {
        pub mod isa;
        pub mod matrix;
        pub mod panels;
        pub mod rows;
        pub mod small_product;
        pub mod transpose;
        pub use rows::RowsMut;
    }
}
pub mod dropout;
pub mod random;
RUST
echo '#![allow(dead_code)] pub mod model; pub mod spec; pub mod split_mix; #[cfg(test)] mod needs;' >"$crate/src/lib.rs"
# All that these files name of a sweep file is the precision.
echo '#[derive(Clone, Copy, Debug, PartialEq, Eq)] pub enum Precision { Fp32, Tf32, Bf16 }' >"$crate/src/spec.rs"
cat >"$crate/Cargo.toml" <<'TOML'
[package]
name = "kernels"
version = "0.0.0"
edition = "2024"
[dependencies]
libc = "0.2"
rayon = "1.12"
thiserror = "2"
[dev-dependencies]
proptest = "1.12"
[profile.dev]
opt-level = 1
[workspace]
TOML
cp Cargo.lock "$crate/"
