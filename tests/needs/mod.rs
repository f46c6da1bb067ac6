//! Tests that need more of a machine than it has. They say so even where they pass, are counted at the end of `make test`, and
//! fail where `SWEEP_REQUIRE` names what they lack: `SWEEP_REQUIRE=avx512,slurm cargo test`, or `all`.

use std::io::Write as _;

/// What tests need beside instruction sets, which are called as in `SWEEP_ISA`, as `SWEEP_REQUIRE` names it.
#[allow(dead_code, reason = "what is required is checked by the library's tests")]
pub const NEEDS: [&str; 11] = [
    "avx512_bf16",
    "browser",
    "cuda",
    "kubectl",
    "mount",
    "nvrtc",
    "recorded_processor",
    "shared_data",
    "slurm",
    "sshd",
    "terminal",
];

/// Said by a test that ends without testing, since an instruction set or something of [`NEEDS`] is missing here; `reason` says what, and goes on
/// with where to get it.
///
/// # Panics
/// Where it may not be missing.
#[allow(dead_code, reason = "in test programs that look only for what there is")]
pub fn skip(need: &str, reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let required = std::env::var("SWEEP_REQUIRE").unwrap_or_default();
    let line = line(test, need, reason, &required).unwrap_or_else(|message| panic!("{message}"));
    // Past the capture of the test runner, so that it is seen in a run that succeeds.
    std::io::stderr().write_all(line.as_bytes()).expect("standard error can be written to");
    let Some(list) = std::env::var_os("SWEEP_SKIPPED") else { return };
    let list = std::fs::OpenOptions::new().create(true).append(true).open(list);
    list.and_then(|mut list| list.write_all(line.as_bytes())).expect("the list of skipped tests can be written to");
}

/// What is required by a value of `SWEEP_REQUIRE`.
pub fn names(required: &str) -> impl Iterator<Item = &str> {
    required.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// What is said of a test; or why it may not be skipped.
pub fn line(test: &str, need: &str, reason: &str, required: &str) -> Result<String, String> {
    match names(required).find(|name| *name == need || *name == "all") {
        Some(name) => Err(format!("{test} needs {need}, which SWEEP_REQUIRE={name} says is here: {reason}")),
        None => Ok(format!("SKIPPED {test}: needs {need}: {reason}\n")),
    }
}
