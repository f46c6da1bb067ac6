//! A token that stays the same from start to start, so that a page that is open finds its way back.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::dashboard::error::DashboardError;

use super::token::Token;

const NAME: &str = "dashboard-token";

/// A file that only its owner may read.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// In the program's own folder of a person.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(NAME) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The token of the file; a new one where there is none, or where others may have read it. `renew`: a new one in any case.
    ///
    /// # Errors
    /// The file cannot be written, or no token can be drawn.
    pub fn token(&self, renew: bool) -> Result<Token, DashboardError> {
        if !renew && let Some(token) = self.read()? {
            return Ok(token);
        }
        let token = Token::draw()?;
        self.write(&token)?;
        Ok(token)
    }

    fn read(&self) -> Result<Option<Token>, DashboardError> {
        // Not through a link: another could have put it there.
        let found = match fs::symlink_metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.failed("read", source)),
        };
        let is_private =
            found.is_file() && found.mode() & 0o077 == 0 && found.uid() == rustix::process::geteuid().as_raw();
        if !is_private {
            return Ok(None);
        }
        let text = fs::read_to_string(&self.path).map_err(|source| self.failed("read", source))?;
        Ok(Token::parse(text.trim()).ok())
    }

    fn write(&self, token: &Token) -> Result<(), DashboardError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|source| self.failed("write", source))?;
        }
        let temporary = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(format!("{}\n", token.expose()).as_bytes()))
            .and_then(|()| fs::rename(&temporary, &self.path));
        written.map_err(|source| {
            // What is left of it holds no token that counts.
            let _ = fs::remove_file(&temporary);
            self.failed("write", source)
        })
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> DashboardError {
        DashboardError::TokenFile { path: self.path.clone(), action, source }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_stays_until_it_is_renewed_or_others_could_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::in_folder(&folder.path().join("cache/sweep"));
        let first = file.token(false).unwrap();
        assert!(first.is(file.token(false).unwrap().expose()));
        assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
        let second = file.token(true).unwrap();
        assert!(!first.is(second.expose()) && second.is(file.token(false).unwrap().expose()));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let third = file.token(false).unwrap();
        assert!(!second.is(third.expose()));
        assert_eq!(fs::metadata(file.path()).unwrap().mode() & 0o777, 0o600);
        fs::write(file.path(), "short").unwrap();
        assert!(!third.is(file.token(false).unwrap().expose()), "what is no token is replaced");
    }
}
