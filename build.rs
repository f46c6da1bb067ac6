//! Link settings that `torch-sys` cannot pass on: without `--no-as-needed` the linker drops libtorch_cuda (nothing in
//! our code names a symbol of it) and the binary reports no CUDA on any machine; without an rpath it needs
//! LD_LIBRARY_PATH to start.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    println!("cargo:rerun-if-changed=build.rs");
    let Some(lib) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        println!("cargo:warning=torch-sys did not say where libtorch is: run `make setup` first");
        return;
    };
    // The real folder, so that libtorch's own `$ORIGIN`-relative search for the CUDA libraries works.
    let lib = lib.canonicalize().unwrap_or(lib);
    println!("cargo:rustc-link-search=native={}", lib.display());
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
    for name in ["torch", "torch_cuda"] {
        if has_library(&lib, name) {
            println!("cargo:rustc-link-arg=-l{name}");
        }
    }
    println!("cargo:rustc-link-arg=-Wl,--as-needed");
}

fn has_library(folder: &Path, name: &str) -> bool {
    folder.join(format!("lib{name}.so")).exists()
}
