//! Functions of libraries that this process has loaded, by name: libtorch has more than `tch` gives access to.

use std::ffi::{CStr, c_void};

/// Where a function lies; none where no loaded library has it.
pub fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks a name up, which ends with a zero, and changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    Some(found).filter(|found| !found.is_null())
}
