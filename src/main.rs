//! The program `sweep`; see `sweep --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sweep::cli::main()
}
