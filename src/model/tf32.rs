//! Products of float32 numbers at TF32 on a GPU: a switch of libtorch that `tch` does not reach.

use std::ffi::c_void;

use crate::libtorch::symbol;

/// Allows TF32, or forbids it, in all products of this process; false where libtorch does not have the switch.
pub fn allow(allowed: bool) -> bool {
    // SAFETY: `at::globalContext` and `at::Context::setAllowTF32CuBLAS` have these signatures in every version of libtorch
    // (ATen/Context.h); the context lives as long as the process.
    unsafe {
        let (Some(context), Some(set)) =
            (symbol(c"_ZN2at13globalContextEv"), symbol(c"_ZN2at7Context18setAllowTF32CuBLASEb"))
        else {
            return false;
        };
        let context: extern "C" fn() -> *mut c_void = std::mem::transmute(context);
        let set: extern "C" fn(*mut c_void, bool) = std::mem::transmute(set);
        set(context(), allowed);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> bool {
        // SAFETY: as above; `at::Context::allowTF32CuBLAS() const`.
        unsafe {
            let context: extern "C" fn() -> *mut c_void =
                std::mem::transmute(symbol(c"_ZN2at13globalContextEv").unwrap());
            let get: extern "C" fn(*const c_void) -> bool =
                std::mem::transmute(symbol(c"_ZNK2at7Context15allowTF32CuBLASEv").unwrap());
            get(context())
        }
    }

    #[test]
    fn libtorch_has_the_switch() {
        assert!(!allowed(), "products are exact where nobody asks for less");
        assert!(allow(true));
        assert!(allowed());
        assert!(allow(false));
        assert!(!allowed());
    }
}
