//! What every page has: the frame, the style and the script; and URLs.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style of all pages.
pub const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A whole document with the style and the script.
pub(super) fn document(title: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                // An empty icon: without one browsers ask a server for it.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the results" }
                (body)
                footer { "Made by sweep " (env!("CARGO_PKG_VERSION")) " from the files of the results folder." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// A path as a relative URL: every byte that is not plainly safe is percent-encoded.
pub(crate) fn url(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_urls_without_a_scheme() {
        assert_eq!(url("../a b/ü:<\"'"), "../a%20b/%C3%BC%3A%3C%22%27");
        assert_eq!(url("javascript:alert(1)"), "javascript%3Aalert%281%29");
    }
}
