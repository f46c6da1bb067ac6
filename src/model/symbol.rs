//! Functions of libraries by name: libtorch has more than `tch` gives access to.

use std::ffi::{CStr, c_void};

/// Where a function of a loaded library lies; none where no loaded library has it.
pub fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: looks a name up, which ends with a zero, and changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    Some(found).filter(|found| !found.is_null())
}

/// A library, or a function of one, that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    #[error("cannot load {library}: {reason}")]
    Load { library: String, reason: String },
    #[error("no function {0} in the libraries of CUDA")]
    NoFunction(String),
}

/// A library that stays loaded, with those that it depends on.
pub struct Library(*mut c_void);

impl Library {
    /// # Errors
    /// Why it cannot be loaded.
    pub fn open(name: &CStr) -> Result<Self, LibraryError> {
        // SAFETY: a name that ends with a zero; what libraries do when they are loaded is theirs to answer for.
        let found = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        if !found.is_null() {
            return Ok(Library(found));
        }
        // SAFETY: gives null or a string, which stays until the next call that fails.
        let reason = unsafe {
            let reason = libc::dlerror();
            if reason.is_null() { c"unknown" } else { CStr::from_ptr(reason) }
        };
        let [library, reason] = [name, reason].map(|text| text.to_string_lossy().into_owned());
        Err(LibraryError::Load { library, reason })
    }

    /// # Safety
    /// `F` is the type of a pointer to the function of that name.
    pub unsafe fn function<F: Copy>(&self, name: &CStr) -> Result<F, LibraryError> {
        assert_eq!(size_of::<F>(), size_of::<*mut c_void>());
        // SAFETY: the library stays loaded; `F` is as the caller promises.
        unsafe {
            let found = libc::dlsym(self.0, name.as_ptr());
            if found.is_null() {
                return Err(LibraryError::NoFunction(name.to_string_lossy().into_owned()));
            }
            Ok(std::mem::transmute_copy(&found))
        }
    }
}
