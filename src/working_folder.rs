//! A working folder that was deleted, told before libtorch is loaded: its math library ends the process there, with a word
//! about a missing library.

use std::ffi::c_int;

/// A function that runs before any library's own initialization.
type Early = extern "C" fn();

// SAFETY: the loader calls what lies in this section, without arguments that this function would read, before the
// initialization of all libraries; the type is that of such a function.
#[unsafe(link_section = ".preinit_array")]
#[used]
static CHECK: Early = check;

/// Only calls of the operating system: neither Rust's runtime nor any library is ready.
extern "C" fn check() {
    const MESSAGE: &[u8] =
        b"error: the current folder does not exist any more (it was deleted or replaced): change to a folder that does\n";
    const BAD_INPUT: c_int = 2;
    let mut path = [0_u8; 4096];
    // SAFETY: the buffer and the message are as long as is said; `_exit` ends the process.
    unsafe {
        let found = libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len());
        if found < 0 && *libc::__errno_location() == libc::ENOENT {
            libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
            libc::_exit(BAD_INPUT);
        }
    }
}
