//! The one libtorch of this process.

use std::ffi::{CStr, c_void};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::error::{LibtorchError, VERSION};
use super::library::Library;
use super::table;

/// Where the build left the library in front of libtorch.
const BUILT: &str = env!("SWEEP_TCH_LIBRARY");

/// A libtorch that is loaded.
#[derive(Clone, Debug)]
pub struct Libtorch {
    folder: PathBuf,
    version: Option<String>,
}

impl Libtorch {
    /// The folder that holds its `lib/`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its own version: `version.py` of the Python package, or `build-version` of the plain archive.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

static OPENED: OnceLock<Result<Libtorch, LibtorchError>> = OnceLock::new();

/// Opens libtorch, the first time; it stays open until the process ends.
///
/// # Errors
/// It is not there, or its version is not the one that this program was built for.
pub fn open() -> Result<&'static Libtorch, LibtorchError> {
    OPENED.get_or_init(load).as_ref().map_err(Clone::clone)
}

/// The libtorch that this process has opened; none where nothing needed it yet.
pub fn opened() -> Option<&'static Libtorch> {
    OPENED.get()?.as_ref().ok()
}

/// Opens the part of libtorch for GPUs, without which it sees none.
///
/// # Errors
/// It is not there, as in packages that are for processors only, or something that it needs is not.
pub fn open_cuda() -> Result<(), LibtorchError> {
    static CUDA: OnceLock<Result<Library, LibtorchError>> = OnceLock::new();
    let libtorch = open()?;
    let path = libtorch.folder.join("lib/libtorch_cuda.so");
    let cuda = CUDA.get_or_init(|| Library::open_for_all(&path).map_err(LibtorchError::Cuda));
    cuda.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// Whether a driver for NVIDIA's GPUs is installed: without one it is not worth while to open anything else.
pub fn has_driver() -> bool {
    Library::open(c"libcuda.so.1").is_ok()
}

/// Where a function of libtorch, or of a library that it depends on, lies: there are more than `tch` gives access to. None
/// where no loaded library has it.
pub fn symbol(name: &CStr) -> Option<*mut c_void> {
    open().ok()?;
    // SAFETY: looks a name up, which ends with a zero, and changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    Some(found).filter(|found| !found.is_null())
}

fn load() -> Result<Libtorch, LibtorchError> {
    let library = Library::open_for_all(&library_file())?;
    // Of `at::globalContext()`, which every version has.
    let file = library.file_of(c"_ZN2at13globalContextEv");
    let folder = file.as_deref().and_then(|file| file.parent()?.parent()).map(Path::to_path_buf).unwrap_or_default();
    let version = version(&folder);
    if let Some(found) = version.clone().filter(|version| !fits(version)) {
        return Err(LibtorchError::Version { folder, found });
    }
    table::point_to(&library)?;
    Ok(Libtorch { folder, version })
}

/// Beside the program, in `lib/sweep` beside the program's folder, or where it was built.
fn library_file() -> PathBuf {
    let name = Path::new(BUILT).file_name().unwrap_or_default();
    let program = crate::this_program::path().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    let candidates = [folder.join(name), folder.join("../lib/sweep").join(name)];
    candidates.into_iter().find(|path| path.exists()).unwrap_or_else(|| PathBuf::from(BUILT))
}

fn fits(version: &str) -> bool {
    version.strip_prefix(VERSION).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
}

fn version(folder: &Path) -> Option<String> {
    let python = std::fs::read_to_string(folder.join("version.py")).ok();
    let python = python.and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim().trim_matches(['\'', '"']).to_string())
    });
    python.or_else(|| std::fs::read_to_string(folder.join("build-version")).ok().map(|text| text.trim().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorch_is_opened_once_and_says_what_it_is() {
        let libtorch = open().unwrap();
        assert!(std::ptr::eq(libtorch, open().unwrap()));
        assert!(std::ptr::eq(libtorch, opened().unwrap()));
        assert!(libtorch.folder().join("lib/libtorch_cpu.so").exists(), "{}", libtorch.folder().display());
        assert!(libtorch.version().is_some_and(fits), "{:?}", libtorch.version());
    }

    #[test]
    fn other_versions_do_not_fit() {
        assert!(fits(&format!("{VERSION}.0+cu130")));
        assert!(fits(&format!("{VERSION}.1")));
        assert!(!fits(&format!("{VERSION}0.1")));
        assert!(!fits("1.13.1"));
    }

    #[test]
    fn the_version_is_read_where_libtorch_has_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(version(folder.path()), None);
        std::fs::write(folder.path().join("build-version"), "2.11.0+cpu\n").unwrap();
        assert_eq!(version(folder.path()), Some("2.11.0+cpu".to_string()));
        std::fs::write(folder.path().join("version.py"), "__version__ = '2.11.0+cu130'\n").unwrap();
        assert_eq!(version(folder.path()), Some("2.11.0+cu130".to_string()));
    }
}
