//! Compiled kernels on disk, found by what they were compiled from: NVRTC takes seconds, which every worker would wait for.
//!
//! An entry is the code and after it the code's blake3 hash.

use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};

use super::error::CudaError;
use crate::replace_file::{Durability, replace_file};

const EXTENSION: &str = "cubin";

/// What compiled code follows from.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    pub source: &'a CStr,
    pub options: &'a [CString],
    /// Major and minor version of NVRTC.
    pub compiler: (i32, i32),
}

impl Recipe<'_> {
    /// Equal for equal recipes only.
    fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.compiler.0.to_le_bytes()).update(&self.compiler.1.to_le_bytes());
        // With the zeros that end them, so that no two lists of options are the same bytes.
        for text in self.options.iter().map(CString::as_c_str).chain([self.source]) {
            hasher.update(text.to_bytes_with_nul());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The code of the cache or, where it has none that is sound, what `compile` makes, which is kept. A folder that cannot be
/// written costs the time of compiling again.
///
/// # Errors
/// Those of `compile`.
pub fn code(
    folder: Option<&Path>,
    recipe: Recipe<'_>,
    compile: impl FnOnce(Recipe<'_>) -> Result<Vec<u8>, CudaError>,
) -> Result<Vec<u8>, CudaError> {
    let entry = folder.map(|folder| folder.join(recipe.key()).with_extension(EXTENSION));
    if let Some(code) = entry.as_deref().and_then(read) {
        return Ok(code);
    }
    let code = compile(recipe)?;
    // An error only means that the next worker compiles it again.
    let _ = entry.map(|entry| write(entry, &code));
    Ok(code)
}

/// None where there is no sound entry.
fn read(entry: &Path) -> Option<Vec<u8>> {
    let mut bytes = std::fs::read(entry).ok()?;
    let (code, hash) = bytes.split_last_chunk::<{ blake3::OUT_LEN }>()?;
    let sound = blake3::hash(code) == blake3::Hash::from_bytes(*hash);
    bytes.truncate(bytes.len() - blake3::OUT_LEN);
    sound.then_some(bytes)
}

fn write(entry: PathBuf, code: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(entry.parent().unwrap_or(Path::new(".")))?;
    replace_file(&entry, &[code, blake3::hash(code).as_bytes()].concat(), Durability::Cached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(texts: &[&str]) -> Vec<CString> {
        texts.iter().map(|text| CString::new(*text).unwrap()).collect()
    }

    /// The code, and whether it was compiled.
    fn ask(folder: &Path, recipe: Recipe<'_>) -> (Vec<u8>, bool) {
        let mut compiled = false;
        let code = code(Some(folder), recipe, |_| {
            compiled = true;
            Ok(b"code".to_vec())
        });
        (code.unwrap(), compiled)
    }

    #[test]
    fn code_is_compiled_once_for_each_recipe() {
        let folder = tempfile::tempdir().unwrap();
        let folder = &folder.path().join("kernels");
        let both = options(&["-DA", "-DB"]);
        let recipe = Recipe { source: c"kernel", options: &both, compiler: (13, 0) };
        assert_eq!(ask(folder, recipe), (b"code".to_vec(), true));
        assert_eq!(ask(folder, recipe), (b"code".to_vec(), false));
        let joined = options(&["-DA-DB"]);
        for other in [
            Recipe { source: c"other", ..recipe },
            Recipe { options: &both[..1], ..recipe },
            Recipe { options: &joined, ..recipe },
            Recipe { compiler: (13, 1), ..recipe },
        ] {
            assert_eq!(ask(folder, other), (b"code".to_vec(), true), "{other:?}");
        }
    }

    #[test]
    fn damaged_code_is_compiled_again() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe { source: c"kernel", options: &[], compiler: (13, 0) };
        ask(folder.path(), recipe);
        let entry = folder.path().join(recipe.key()).with_extension(EXTENSION);
        let whole = std::fs::read(&entry).unwrap();
        let flipped = [&[whole[0] ^ 1], &whole[1..]].concat();
        for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..3], &[]] {
            std::fs::write(&entry, damaged).unwrap();
            assert_eq!(ask(folder.path(), recipe), (b"code".to_vec(), true), "{} bytes", damaged.len());
            assert_eq!(std::fs::read(&entry).unwrap(), whole);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_and_none_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let recipe = Recipe { source: c"kernel", options: &[], compiler: (13, 0) };
        for folder in [Some(file.as_path()), None] {
            assert_eq!(code(folder, recipe, |_| Ok(vec![1])).unwrap(), [1]);
        }
        let failed = code(Some(folder.path()), recipe, |_| Err(CudaError::NoCode));
        assert!(matches!(failed, Err(CudaError::NoCode)));
        assert_eq!(ask(folder.path(), recipe), (b"code".to_vec(), true));
    }
}
