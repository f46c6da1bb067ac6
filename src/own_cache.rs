//! Our own cache: what takes time to make and can be made again.

use std::path::PathBuf;

/// `sweep` in `$XDG_CACHE_HOME` or, where that is not set or not absolute, in `~/.cache`. None without a home folder.
pub fn folder() -> Option<PathBuf> {
    within(|name| std::env::var_os(name).map(PathBuf::from))
}

fn within(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("sweep"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_absolute_or_none() {
        let within = |set: &[(&str, &str)]| {
            within(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(within(&[("HOME", "/h")]), Some(PathBuf::from("/h/.cache/sweep")));
        assert_eq!(within(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), Some(PathBuf::from("/x/sweep")));
        assert_eq!(within(&[("HOME", "/h"), ("XDG_CACHE_HOME", "x")]), Some(PathBuf::from("/h/.cache/sweep")));
        assert_eq!(within(&[("HOME", "h")]), None);
        assert_eq!(within(&[]), None);
    }
}
