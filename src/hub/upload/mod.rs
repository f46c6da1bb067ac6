//! Folders -> repositories of the hub, as its clients write them: which files are kept how is asked first, large ones are sent to
//! where the hub says, then everything becomes visible in one commit.
//!
//! ```text
//! files       what a folder holds, with digests
//! messages    what is sent and read, as JSON
//! push        requests to the hub, and what their failures mean
//! repository  making it
//! large       Git LFS: sending the contents of large files
//! commit      the other files, and the commit
//! ```

mod commit;
mod files;
mod large;
mod messages;
mod push;
mod repository;

use std::path::Path;

use super::HubError;
use super::name::Repository;
use super::remote::Remote;

use files::LocalFile;
use push::Push;

pub use repository::Visibility;

/// A folder that is in a repository now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The page of the repository.
    pub url: String,
    pub commit: String,
    /// Whether the repository was made.
    pub created: bool,
}

/// Puts the files of a folder into a repository, which is made where it is not there. Other files of the repository stay.
///
/// # Errors
/// No token, or a hub that does not take it; then nothing of it is visible there, though an empty repository may be.
pub(super) fn push(
    remote: &Remote,
    repository: Repository,
    folder: &Path,
    message: &str,
    visibility: Visibility,
) -> Result<Pushed, HubError> {
    let push = Push::new(remote, repository)?;
    let files = files::of_folder(folder)?;
    let created = push.create(visibility)?;
    let kept = push.ask_how(&files)?;
    let large: Vec<&LocalFile> = kept.iter().filter(|(_, is_large)| *is_large).map(|(file, _)| *file).collect();
    push.send_large(&large)?;
    let commit = push.commit(&kept, message)?;
    Ok(Pushed { url: push.page().to_string(), commit, created })
}
