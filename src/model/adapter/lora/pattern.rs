//! Names of modules against the regular expressions of `alpha_pattern` and `rank_pattern`, which Python's `re` reads.

use onig::{MatchParam, RegexOptions, SearchOptions, Syntax};

/// Whether `pattern` fits `module`, or the end of it that follows a dot, whole.
///
/// # Errors
/// No regular expression, or one that exceeds the limits of the engine.
pub(super) fn fits(pattern: &str, module: &str) -> Result<bool, regex::Error> {
    let whole = format!(r"^(?:.*\.)?(?:{pattern})$");
    match regex::Regex::new(&whole) {
        Ok(whole) => Ok(whole.is_match(module)),
        // Look-around and references back, which this engine leaves out to be fast.
        Err(error) => with_look_around(&whole, module).map_err(|_| error),
    }
}

fn with_look_around(whole: &str, module: &str) -> Result<bool, onig::Error> {
    let whole = onig::Regex::with_options(whole, RegexOptions::REGEX_OPTION_NONE, Syntax::python())?;
    let options = SearchOptions::SEARCH_OPTION_NONE;
    Ok(whole.search_with_param(module, 0, module.len(), options, None, MatchParam::default())?.is_some())
}
