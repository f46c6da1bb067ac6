//! Source text without what is no code.

/// The text without comments, and with nothing in its string literals. Line ends outside of literals stay.
pub fn bare(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (keep, length) = match first {
            '/' if rest.starts_with("//") => ("", rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => ("", rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '"' => ("\"\"", literal_end(rest, '"')),
            // A lifetime has no second quote.
            '\'' if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => ("''", literal_end(rest, '\'')),
            'r' if !kept.ends_with(|c: char| c.is_alphanumeric() || c == '_') => match raw_end(rest) {
                Some(end) => ("\"\"", end),
                None => ("r", 1),
            },
            other => (&rest[..other.len_utf8()], other.len_utf8()),
        };
        kept.push_str(keep);
        rest = &rest[length..];
    }
    kept
}

/// Where a literal that begins here ends.
fn literal_end(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((position, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            other if other == quote => return position + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where a raw literal (`r"..."`, `r#"..."#`) that begins here ends; none where there is none.
fn raw_end(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?.trim_start_matches('#');
    let hashes = text.len() - 1 - after.len();
    let close = format!("\"{}", "#".repeat(hashes));
    let begin = 1 + hashes + 1;
    after.starts_with('"').then(|| text[begin..].find(&close).map_or(text.len(), |end| begin + end + close.len()))
}
