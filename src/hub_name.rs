//! Names of repositories on the hub: `owner/name`, `owner/name@revision`.

/// A name as `owner/name` and its revision, where it is made of the characters that the hub allows.
pub fn apart(name: &str) -> Option<(&str, Option<&str>)> {
    let (id, revision) = match name.split_once('@') {
        Some((id, revision)) => (id, Some(revision)),
        None => (name, None),
    };
    let (owner, repository) = id.split_once('/')?;
    let allowed = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    (allowed(owner) && allowed(repository)).then_some((id, revision))
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn the_revision_stands_behind_the_name() {
        assert_eq!(apart("acme/tiny"), Some(("acme/tiny", None)));
        assert_eq!(apart("acme/tiny@v2"), Some(("acme/tiny", Some("v2"))));
        assert_eq!(apart("acme/tiny@refs/pr/3"), Some(("acme/tiny", Some("refs/pr/3"))));
        for path in ["tiny", "/models/tiny@v2", "./tiny", "a/b/c@v2", "../tiny", "a b/c", "a@b/c"] {
            assert_eq!(apart(path), None, "{path}");
        }
    }
}
