//! The program `sweep-mock`: `sweep` with the mock executor, for tests of everything around training. It trains nothing; what
//! it writes is marked as invented, and `sweep` does not go on with it.

#[path = "mod.rs"]
mod mock;

use std::io::Write;

use sweep::exit_code::ExitCode;

fn main() {
    let code = match mock::MockSource::take_options(std::env::args_os()) {
        Ok((source, arguments)) => sweep::cli::main(arguments, &source),
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error}").ok();
            ExitCode::BadInput
        }
    };
    std::process::exit(i32::from(code.number()))
}
