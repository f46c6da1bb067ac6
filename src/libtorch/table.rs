//! Where the functions that `tch` calls lead to.

use std::ffi::{CStr, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use super::library::{Library, LibraryError};

/// In the order of the table.
const NAMES: &[&CStr] = &include!(concat!(env!("OUT_DIR"), "/names.rs"));

unsafe extern "C" {
    // Written by build.rs beside the names, so it is as long as they are many.
    static sweep_tch_table: [AtomicPtr<c_void>; NAMES.len()];
}

/// Points every function to the library's function of its name.
///
/// # Errors
/// The library has no function of some name; then all stay as they were.
pub(super) fn point_to(library: &Library) -> Result<(), LibraryError> {
    // SAFETY: pointers to functions of whatever type are as wide as any other; they are not called here.
    let find = |name: &&CStr| unsafe { library.function::<*mut c_void>(name) };
    let found = NAMES.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    // SAFETY: the table is never anything but this array of pointers, and it is read and written as atomics only.
    let table = unsafe { &sweep_tch_table };
    for (entry, function) in table.iter().zip(found) {
        entry.store(function, Ordering::Release);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_leads_to_the_library_once_it_is_open() {
        let library = Library::open_file(std::path::Path::new(env!("SWEEP_TCH_LIBRARY"))).unwrap();
        point_to(&library).unwrap();
        // SAFETY: as in `point_to`.
        let table = unsafe { &sweep_tch_table };
        for (entry, name) in table.iter().zip(NAMES) {
            // SAFETY: as in `point_to`.
            let function = unsafe { library.function::<*mut c_void>(name) }.unwrap();
            assert_eq!(entry.load(Ordering::Acquire), function, "{name:?}");
        }
    }

    #[test]
    fn a_library_without_the_functions_is_refused_by_name() {
        let other = Library::open(c"libm.so.6").unwrap();
        assert_eq!(point_to(&other), Err(LibraryError::NoFunction(NAMES[0].to_str().unwrap().to_owned())));
    }
}
