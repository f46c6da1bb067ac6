//! What is never shown: passwords, tokens and the signatures of addresses.

use std::fmt;

/// Shown instead.
const HIDDEN: &str = "***";
/// What tokens of the hub begin with, and how many letters and digits make one at least.
const TOKEN: (&str, usize) = ("hf_", 16);

/// A password or a token. It has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// For the header of a request, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// A text without the passwords and queries of the addresses in it, and without tokens of the hub: for errors and records
/// of what a person typed.
pub fn redacted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        let end =
            after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')).unwrap_or(after.len());
        let (address, next) = after.split_at(end);
        shown.push_str(&without_tokens(before));
        shown.push_str(&without_tokens(&without_secrets(address)));
        rest = next;
    }
    shown.push_str(&without_tokens(rest));
    shown
}

/// `user:password@host/path?query` as `***@host/path?***`.
fn without_secrets(address: &str) -> String {
    let authority = address.find(['/', '?', '#']).unwrap_or(address.len());
    // A password that is not encoded as it should be may hold any of those characters.
    let odd = || address.rfind('@').filter(|at| address[..*at].contains(':'));
    let (user, rest) = match address[..authority].rfind('@').or_else(odd) {
        Some(at) => (HIDDEN, &address[at..]),
        None => ("", address),
    };
    match rest.split_once('?') {
        Some((path, _)) => format!("{user}{path}?{HIDDEN}"),
        None => format!("{user}{rest}"),
    }
}

fn without_tokens(text: &str) -> String {
    let (prefix, least) = TOKEN;
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(prefix) {
        let (before, after) = rest.split_at(at + prefix.len());
        let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        shown.push_str(before);
        shown.push_str(if end >= least { HIDDEN } else { &after[..end] });
        rest = &after[end..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_secrets_are_hidden_wherever_they_stand_in_a_text() {
        let cases = [
            ("http://user:PASSWORD@hub.example/api", "http://***@hub.example/api"),
            ("HTTPS://PASSWORD@hub.example", "HTTPS://***@hub.example"),
            ("see `http://u:PASSWORD@h` and 'https://u:PASSWORD@h/x'.", "see `http://***@h` and 'https://***@h/x'."),
            ("http://u:PASS/WORD?@h/x", "http://***@h/x"),
            ("https://h/blob?X-Signature=PASSWORD&e=1 came", "https://h/blob?*** came"),
            ("HF_TOKEN=hf_PASSWORDPASSWORD0 x", "HF_TOKEN=hf_*** x"),
            ("--set=model=http://u:p@ss@h", "--set=model=http://***@h"),
        ];
        for (given, shown) in cases {
            assert_eq!(redacted(given), shown);
        }
        for plain in ["acme/tiny@v1", "https://hub.example/acme/tiny", "hf_home", "a?b", "", "://", "é://ü@"] {
            let shown = redacted(plain);
            assert!(shown == plain || shown.contains(HIDDEN), "{plain}: {shown}");
        }
        assert_eq!(format!("{:?}", Secret::new("PASSWORD")), "***");
    }
}
