//! Whether a file holds the bytes that its identifier stands for.

use std::fs::File;
use std::io::{Read, Result};
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::name::Identifier;

const CHUNK: usize = 1 << 20;

/// Whether an identifier is a digest, so that contents can be checked against it: SHA-256 of large files, SHA-1 of small
/// ones.
pub(super) fn can_check(etag: &Identifier) -> bool {
    matches!(etag.as_str().len(), 40 | 64) && etag.as_str().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The digest of a file that is not the one that was promised; none where it is, or where no digest was promised.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn other_digest(path: &Path, etag: &Identifier) -> Result<Option<String>> {
    if !can_check(etag) {
        return Ok(None);
    }
    let promised = etag.as_str().to_ascii_lowercase();
    let mut file = File::open(path)?;
    if promised.len() == 64 {
        let mut sha256 = Sha256::new();
        each_chunk(&mut file, |chunk| sha256.update(chunk))?;
        return Ok(Some(hexadecimal(&sha256.finalize())).filter(|found| *found != promised));
    }
    // Git's name of a file; some mirrors give the SHA-1 of the contents alone, which is as good.
    let (mut git, mut plain) = (Sha1::new(), Sha1::new());
    git.update(format!("blob {}\0", file.metadata()?.len()));
    each_chunk(&mut file, |chunk| {
        git.update(chunk);
        plain.update(chunk);
    })?;
    let git = hexadecimal(&git.finalize());
    Ok((git != promised && hexadecimal(&plain.finalize()) != promised).then_some(git))
}

fn each_chunk(file: &mut File, mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h5_contents_are_checked_by_sha256_and_by_git() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "hello\n").unwrap();
        let found = |etag: &str| other_digest(&path, &Identifier::parse(etag).unwrap()).unwrap();
        let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        // `printf 'hello\n' | sha256sum`, `| git hash-object --stdin`, `| sha1sum`.
        for right in [
            sha256,
            "5891B5B522D5DF086D0FF0B110FBD9D21BB4FC7163AF34D08286A2E846F6BE03",
            "ce013625030ba8dba906f756967f9e9ca394464a",
            "f572d396fae9206628714fb2ce00f72e94f2258f",
            "no-digest",
        ] {
            assert_eq!(found(right), None, "{right}");
        }
        assert_eq!(found(&"0".repeat(64)).as_deref(), Some(sha256));
        assert_eq!(found(&"0".repeat(40)).as_deref(), Some("ce013625030ba8dba906f756967f9e9ca394464a"));
    }
}
