//! The program `sweep`; see `sweep --help`.

// Outside tests `expect` says why it cannot fail.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

use std::io::Write;

#[cfg(target_os = "linux")]
mod working_folder;

fn main() -> ! {
    let code = sweep::cli::main(std::env::args_os(), &sweep::execute::TorchSource);
    std::io::stdout().flush().ok();
    // Everything is written by now. Leaving in the usual way would only add libtorch's destructors: a quarter of a second,
    // and 100 MB of pages that nobody has touched before.
    // SAFETY: ends the process at once; nothing of it is used afterwards.
    unsafe { libc::_exit(i32::from(code.number())) }
}
