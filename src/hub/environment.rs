//! What the environment says about the hub, as the Python package `huggingface_hub` reads it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::HubError;
use super::endpoint::Endpoint;
use super::pace::Patience;
use super::secret::Secret;

const OFFICIAL: &str = "https://huggingface.co";
/// Longest time that makes sense, in seconds: a day.
const LONGEST_WAIT: f64 = 86_400.0;

/// A variable of the environment that is set and not empty.
pub(super) type Variable<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

/// A variable of this process.
pub(super) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

pub(super) fn cache_folder(variable: Variable<'_>) -> PathBuf {
    let named = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE"));
    named.map_or_else(|| home(variable).join("hub"), |path| at_home(path, variable))
}

/// `HF_HOME`
fn home(variable: Variable<'_>) -> PathBuf {
    let home = variable("HF_HOME").unwrap_or_else(|| {
        let cache = variable("XDG_CACHE_HOME");
        cache.unwrap_or_else(|| variable("HOME").unwrap_or_default().join(".cache")).join("huggingface")
    });
    at_home(home, variable)
}

/// `~/x` inside the person's own folder.
fn at_home(path: PathBuf, variable: Variable<'_>) -> PathBuf {
    match (path.strip_prefix("~"), variable("HOME")) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// Whether nothing is downloaded.
pub(super) fn is_offline(variable: Variable<'_>) -> bool {
    let named = variable("HF_HUB_OFFLINE").or_else(|| variable("TRANSFORMERS_OFFLINE"));
    named.is_some_and(|value| is_true(&value))
}

fn is_true(value: &Path) -> bool {
    ["1", "true", "yes", "on"].contains(&value.to_string_lossy().to_ascii_lowercase().as_str())
}

/// `HF_ENDPOINT`
///
/// # Errors
/// What is no address.
pub(super) fn endpoint(variable: Variable<'_>) -> Result<Endpoint, HubError> {
    let named = variable("HF_ENDPOINT").map(|value| value.to_string_lossy().trim().to_owned());
    Endpoint::parse(named.as_deref().unwrap_or(OFFICIAL))
}

/// `HF_TOKEN`, or the token that `hf auth login` left in a file; none where `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set.
///
/// # Errors
/// A token that no header can hold.
pub(super) fn token(variable: Variable<'_>) -> Result<Option<Secret>, HubError> {
    if variable("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|value| is_true(&value)) {
        return Ok(None);
    }
    let clean = |text: &str| Some(text.replace(['\r', '\n'], "").trim().to_owned()).filter(|token| !token.is_empty());
    let set = |name: &str| variable(name).and_then(|value| clean(&value.to_string_lossy()));
    let path = variable("HF_TOKEN_PATH").map_or_else(|| home(variable).join("token"), |path| at_home(path, variable));
    let file = || std::fs::read_to_string(&path).ok().and_then(|text| clean(&text));
    let Some(token) = set("HF_TOKEN").or_else(|| set("HUGGING_FACE_HUB_TOKEN")).or_else(file) else {
        return Ok(None);
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let reason =
            "the token holds a space or a character that is not ASCII, so it is not a token of the hub; copy it again";
        return Err(HubError::Setting { name: "HF_TOKEN", reason: reason.to_owned() });
    }
    Ok(Some(Secret::new(token)))
}

/// `HF_HUB_ETAG_TIMEOUT` and `HF_HUB_DOWNLOAD_TIMEOUT`, in seconds.
///
/// # Errors
/// What is no number of seconds.
pub(super) fn patience(variable: Variable<'_>) -> Result<Patience, HubError> {
    let seconds = |name: &'static str, usual: Duration| {
        let Some(value) = variable(name) else {
            return Ok(usual);
        };
        let text = value.to_string_lossy();
        let number = text.trim().parse::<f64>().ok().filter(|seconds| (0.0..=LONGEST_WAIT).contains(seconds));
        match number {
            Some(seconds) if seconds > 0.0 => Ok(Duration::from_secs_f64(seconds.max(0.001))),
            // As in Python, where 0 is the same as nothing.
            Some(_) => Ok(usual),
            None => Err(HubError::Setting {
                name,
                reason: format!("`{text}` is no number of seconds between 0 and {LONGEST_WAIT}"),
            }),
        }
    };
    let usual = Patience::default();
    Ok(Patience {
        answers: seconds("HF_HUB_ETAG_TIMEOUT", usual.answers)?,
        downloads: seconds("HF_HUB_DOWNLOAD_TIMEOUT", usual.downloads)?,
        ..usual
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(set: &[(&str, &str)], ask: impl Fn(Variable<'_>) -> T) -> T {
        ask(&|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
    }

    #[test]
    fn folders_follow_the_environment() {
        let folder = |set: &[(&str, &str)]| with(set, cache_folder);
        assert_eq!(folder(&[("HOME", "/h")]), Path::new("/h/.cache/huggingface/hub"));
        assert_eq!(folder(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), Path::new("/x/huggingface/hub"));
        assert_eq!(folder(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/f")]), Path::new("/f/hub"));
        assert_eq!(folder(&[("HF_HOME", "/f"), ("HF_HUB_CACHE", "/c")]), Path::new("/c"));
        assert_eq!(folder(&[("HOME", "/h"), ("HF_HOME", "~/f")]), Path::new("/h/f/hub"));
    }

    #[test]
    fn tokens_come_from_variables_and_files() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("token"), "from-file\n").unwrap();
        let home = home.path().to_str().unwrap();
        let found = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().copied().chain([("HF_HOME", home)]).collect();
            with(&set, token).map(|token| token.map(|token| token.expose().to_owned()))
        };
        assert_eq!(found(&[]).unwrap().as_deref(), Some("from-file"));
        assert_eq!(found(&[("HF_TOKEN", " t\n")]).unwrap().as_deref(), Some("t"));
        assert_eq!(found(&[("HUGGING_FACE_HUB_TOKEN", "old")]).unwrap().as_deref(), Some("old"));
        assert_eq!(found(&[("HF_TOKEN_PATH", "/nowhere")]).unwrap(), None);
        assert_eq!(found(&[("HF_TOKEN", "t"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]).unwrap(), None);
        let error = found(&[("HF_TOKEN", "pass wörd")]).unwrap_err().to_string();
        assert!(error.contains("HF_TOKEN") && !error.contains("pass"), "{error}");
    }

    #[test]
    fn offline_is_said_in_two_ways() {
        assert!(with(&[("HF_HUB_OFFLINE", "1")], is_offline));
        assert!(with(&[("TRANSFORMERS_OFFLINE", "yes")], is_offline));
        assert!(!with(&[("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")], is_offline));
        assert!(!with(&[], is_offline));
    }

    #[test]
    fn h3_times_are_seconds() {
        let times = |set: &[(&str, &str)]| with(set, patience);
        assert_eq!(times(&[]).unwrap(), Patience::default());
        let set = times(&[("HF_HUB_ETAG_TIMEOUT", "3"), ("HF_HUB_DOWNLOAD_TIMEOUT", "0.5")]).unwrap();
        assert_eq!((set.answers, set.downloads), (Duration::from_secs(3), Duration::from_millis(500)));
        assert_eq!(times(&[("HF_HUB_ETAG_TIMEOUT", "0")]).unwrap(), Patience::default());
        for wrong in ["ten", "-1", "NaN", "inf", "1e99"] {
            let error = times(&[("HF_HUB_DOWNLOAD_TIMEOUT", wrong)]).unwrap_err().to_string();
            assert!(error.contains("HF_HUB_DOWNLOAD_TIMEOUT") && error.contains(wrong), "{error}");
        }
    }
}
