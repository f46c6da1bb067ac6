//! Makes the library that `src/libtorch` opens when the first tensor is made, so that the program itself needs no libtorch to
//! start.
//!
//! `torch-sys` compiles C functions in front of libtorch (`libtch.a`) and has every program linked with them and with
//! libtorch. Here they become a shared library of their own, `libsweep_tch.so`, which is what depends on libtorch; the program
//! gets functions of the same names (`functions.s`), which call those of the library. The linker finds these before
//! `libtch.a`, and so takes nothing from there.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol, SymbolKind};

type Failure = Box<dyn Error>;

const LIBRARY: &str = "libsweep_tch.so";

/// glibc says here since version 2.32 whether there is one thread only, for C++ to count references faster then. Our own one
/// says "no", and the library starts with older ones, too.
const THREADS: &str = "extern \"C\" __attribute__((visibility(\"hidden\"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
";

/// Functions of torch-sys that its C functions call where tensors are read from or written to streams of Rust. The library
/// cannot reach them, and nothing of ours makes such streams.
const CALLBACKS: &str = "extern \"C\" {
void tch_write_stream_destructor() { __builtin_trap(); }
void tch_write_stream_write() { __builtin_trap(); }
void tch_read_stream_destructor() { __builtin_trap(); }
void tch_read_stream_stream_position() { __builtin_trap(); }
void tch_read_stream_seek_start() { __builtin_trap(); }
void tch_read_stream_seek_end() { __builtin_trap(); }
void tch_read_stream_read() { __builtin_trap(); }
}
";

fn main() -> Result<(), Failure> {
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    println!("cargo:rerun-if-changed=build.rs");
    let Some(libtorch) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        return Err("torch-sys did not say where libtorch is: run `make setup` first".into());
    };
    // The real folder, so that libtorch's own `$ORIGIN`-relative search for the CUDA libraries works.
    let libtorch = libtorch.canonicalize()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?);
    let archive = archive_of_torch_sys(&out)?;
    println!("cargo:rerun-if-changed={}", archive.display());

    let functions = functions(&archive)?;
    fs::write(out.join("functions.s"), assembly(&functions, &env::var("CARGO_CFG_TARGET_ARCH")?)?)?;
    fs::write(out.join("names.rs"), names(&functions))?;
    let library = out.join(LIBRARY);
    let callbacks = out.join("callbacks.cpp");
    fs::write(&callbacks, [THREADS, CALLBACKS].concat())?;
    link(&archive, &callbacks, &libtorch, &library)?;
    // Beside the program as well, where it is looked for first: a program that is copied takes it along.
    let beside = out.ancestors().nth(3).ok_or("OUT_DIR is not in a folder of a profile")?.join(LIBRARY);
    // Renamed, since a program that runs may have the old one open.
    let new = beside.with_extension("so.new");
    fs::copy(&library, &new)?;
    fs::rename(&new, &beside)?;
    println!("cargo:rustc-env=SWEEP_TCH_LIBRARY={}", library.display());
    println!("cargo:rustc-env=SWEEP_TORCH_VERSION={}", minor_version(&libtorch)?);
    Ok(())
}

/// `libtch.a` in the folder of torch-sys' build script, which lies beside ours; the latest of several, since cargo has just
/// run or checked the one that we depend on.
fn archive_of_torch_sys(out: &Path) -> Result<PathBuf, Failure> {
    let builds = out.ancestors().nth(2).ok_or("OUT_DIR is not in a folder of builds")?;
    let mut found = Vec::new();
    for entry in fs::read_dir(builds)? {
        let archive = entry?.path().join("out/libtch.a");
        if archive.parent().and_then(Path::parent).and_then(Path::file_name).is_some_and(is_of_torch_sys)
            && let Ok(known) = archive.metadata()
        {
            found.push((known.modified()?, archive));
        }
    }
    let latest = found.into_iter().max();
    latest
        .map(|(_, archive)| archive)
        .ok_or_else(|| format!("no torch-sys-*/out/libtch.a in {}", builds.display()).into())
}

fn is_of_torch_sys(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with("torch-sys-")
}

/// The C functions that the archive defines, in order of their names.
fn functions(archive: &Path) -> Result<Vec<String>, Failure> {
    let bytes = fs::read(archive)?;
    let mut functions = Vec::new();
    for member in ArchiveFile::parse(&*bytes)?.members() {
        let member = object::File::parse(member?.data(&*bytes)?)?;
        for symbol in member.symbols() {
            let name = symbol.name()?;
            let is_function = symbol.kind() == SymbolKind::Text && symbol.is_definition() && symbol.is_global();
            // Those of C++ begin with `_Z`; nothing of ours calls them.
            if is_function && !symbol.is_weak() && !name.starts_with("_Z") {
                functions.push(name.to_owned());
            }
        }
    }
    functions.sort_unstable();
    if functions.is_empty() {
        return Err(format!("{} defines no functions", archive.display()).into());
    }
    Ok(functions)
}

/// Functions of these names; see `src/libtorch/functions.rs` for what they do.
fn assembly(functions: &[String], architecture: &str) -> Result<String, Failure> {
    let (alignment, call) = match architecture {
        "x86_64" => (4, "  lea r11, [rip + sweep_tch_table + OFFSET]\n  jmp qword ptr [r11]\n"),
        "aarch64" => (
            2,
            "  adrp x16, sweep_tch_table + OFFSET\n  add x16, x16, :lo12:sweep_tch_table + OFFSET\n  ldr x17, [x16]\n  br x17\n",
        ),
        other => return Err(format!("no functions in front of libtorch for processors of kind {other}").into()),
    };
    let mut text = String::from(".text\n");
    for (index, name) in functions.iter().enumerate() {
        let call = call.replace("OFFSET", &(8 * index).to_string());
        write!(text, ".globl {name}\n.type {name}, %function\n.p2align {alignment}\n{name}:\n{call}")?;
    }
    text.push_str(".data\n.globl sweep_tch_table\n.hidden sweep_tch_table\n.p2align 3\nsweep_tch_table:\n");
    for _ in functions {
        // Rust's `global_asm!` puts the name of the function here.
        text.push_str("  .quad {first_call}\n");
    }
    Ok(text)
}

fn names(functions: &[String]) -> String {
    let names: Vec<String> = functions.iter().map(|name| format!("c{name:?}")).collect();
    format!("[{}]", names.join(", "))
}

/// A shared library of the whole archive, which finds libtorch where it was built with it.
fn link(archive: &Path, callbacks: &Path, libtorch: &Path, library: &Path) -> Result<(), Failure> {
    let compiler = cc::Build::new().cpp(true).get_compiler();
    let mut command = compiler.to_command();
    command
        .arg(callbacks)
        .args(["-shared", "-Wl,-O1,--strip-debug,--no-undefined", "-Wl,--whole-archive"])
        .arg(archive);
    command.args(["-Wl,--no-whole-archive", "-Wl,--no-as-needed"]).arg("-L").arg(libtorch);
    command.args(["-ltorch_cpu", "-lc10"]).arg(format!("-Wl,-rpath,{}", libtorch.display()));
    // Libraries that libtorch itself needs are its own affair; in a package without CUDA others are there.
    command.args(["-Wl,--allow-shlib-undefined", "-Wl,-soname"]).arg(format!("-Wl,{LIBRARY}")).arg("-o").arg(library);
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("cannot link {LIBRARY}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}

/// The first two numbers of libtorch's version: libraries of other ones do not fit.
fn minor_version(libtorch: &Path) -> Result<String, Failure> {
    let folder = libtorch.parent().ok_or("libtorch's libraries are in no folder")?;
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let python = read("version.py").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"', ' ']).to_owned())
    });
    let version =
        python.or_else(|| read("build-version")).ok_or("libtorch has neither version.py nor build-version")?;
    let numbers: Vec<&str> = version.trim().split('.').take(2).collect();
    Ok(numbers.join("."))
}
