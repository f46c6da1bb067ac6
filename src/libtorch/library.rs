//! Shared libraries that are opened while the program runs, and functions of theirs.

use std::ffi::{CStr, CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A library, or a function of one, that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    #[error("cannot load {library}: {reason}")]
    Load { library: String, reason: String },
    #[error("no function {0} in the library")]
    NoFunction(String),
}

/// A library that stays loaded, with those that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Library(*mut c_void);

// SAFETY: a handle is only ever given back to the dynamic loader, which any thread may call.
unsafe impl Send for Library {}
// SAFETY: as above; nothing of it changes.
unsafe impl Sync for Library {}

impl Library {
    /// Opens a library by name or path, for this program's own calls.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn open(name: &CStr) -> Result<Self, LibraryError> {
        Self::load(name, libc::RTLD_NOW)
    }

    /// Opens a file, as [`open`](Self::open) does.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn open_file(path: &Path) -> Result<Self, LibraryError> {
        Self::load(&c_string(path)?, libc::RTLD_NOW)
    }

    /// Opens a file for this program and for libraries that are loaded later, which may look for its functions.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn open_for_all(path: &Path) -> Result<Self, LibraryError> {
        Self::load(&c_string(path)?, libc::RTLD_NOW | libc::RTLD_GLOBAL)
    }

    fn load(name: &CStr, flags: libc::c_int) -> Result<Self, LibraryError> {
        // SAFETY: a name that ends with a zero; what libraries do when they are loaded is theirs to answer for.
        let found = unsafe { libc::dlopen(name.as_ptr(), flags) };
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

    /// The function of that name, of this library or of one that it depends on.
    ///
    /// # Safety
    /// `F` is the type of a pointer to the function of that name.
    ///
    /// # Errors
    /// There is none of that name.
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

    /// The file that a function of that name was loaded from.
    pub fn file_of(&self, name: &CStr) -> Option<PathBuf> {
        // SAFETY: the address is only looked up, not called; `dladdr` fills the struct or says that it did not, and the name in
        // it is a string that stays as long as the library.
        unsafe {
            let address = self.function::<*mut c_void>(name).ok()?;
            let mut info: libc::Dl_info = std::mem::zeroed();
            if libc::dladdr(address, &mut info) == 0 || info.dli_fname.is_null() {
                return None;
            }
            let file = CStr::from_ptr(info.dli_fname);
            Some(PathBuf::from(std::ffi::OsStr::from_bytes(file.to_bytes())))
        }
    }
}

fn c_string(path: &Path) -> Result<CString, LibraryError> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| LibraryError::Load {
        library: path.display().to_string(),
        reason: "its path has a zero byte".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let error = Library::open(c"libnothing_of_this_name.so").unwrap_err().to_string();
        assert!(error.starts_with("cannot load libnothing_of_this_name.so: "), "{error}");
        let library = Library::open(c"libm.so.6").unwrap();
        // SAFETY: a pointer of any kind; it is not called.
        let missing = unsafe { library.function::<*const c_void>(c"no_such_function") };
        assert_eq!(missing, Err(LibraryError::NoFunction("no_such_function".to_owned())));
    }

    #[test]
    fn a_function_is_called_and_its_file_is_known() {
        let library = Library::open(c"libm.so.6").unwrap();
        // SAFETY: `double floor(double)` of math.h.
        let floor = unsafe { library.function::<extern "C" fn(f64) -> f64>(c"floor") }.unwrap();
        assert_eq!(floor(2.5), 2.0);
        let file = library.file_of(c"floor").unwrap();
        assert!(file.file_name().unwrap().to_string_lossy().starts_with("libm"), "{}", file.display());
    }
}
