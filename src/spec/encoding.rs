//! A sweep file's bytes as text.

use super::yaml::SyntaxError;

/// U+FEFF: some editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a file.
///
/// # Errors
/// The bytes are no UTF-8.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, SyntaxError> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] = bytes[..] {
        let message = "this looks like UTF-16; save the file as UTF-8".to_owned();
        return Err(SyntaxError { position: None, message });
    }
    String::from_utf8(bytes).map_err(|error| {
        let sound = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let position = Some(position(&String::from_utf8_lossy(&bytes[..sound])));
        let message = format!("the byte 0x{:02X} is not UTF-8; save the file as UTF-8", bytes[sound]);
        SyntaxError { position, message }
    })
}

/// The text without a byte order mark at its beginning.
///
/// # Errors
/// It has characters that no YAML has, or a second byte order mark: two files were put one after the other.
pub(super) fn checked(mut text: String) -> Result<String, SyntaxError> {
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    let error =
        |at: usize, message: &str| SyntaxError { position: Some(position(&text[..at])), message: message.to_owned() };
    if let Some(at) = text.find('\0') {
        return Err(error(at, "a NUL character; save the file as plain UTF-8 text"));
    }
    let mut marks = text.match_indices(BYTE_ORDER_MARK).map(|(at, _)| at);
    if let Some(at) = marks.find(|&at| at == 0 || text[..at].ends_with(['\n', '\r'])) {
        return Err(error(at, "a byte order mark (U+FEFF) stands here; take it out"));
    }
    Ok(text)
}

/// Line and column, counted from 1, of what follows a text. Lines end as in YAML: LF, CR LF or CR.
fn position(before: &str) -> (usize, usize) {
    let feeds = before.matches('\n').count();
    let returns = before.matches('\r').count() - before.matches("\r\n").count();
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    (feeds + returns + 1, before[line_start..].chars().count() + 1)
}

/// What a YAML error is about, in words that say what to change; none where YAML's own words do.
pub(super) fn explained(text: &str, error: &SyntaxError) -> Option<SyntaxError> {
    let lines = || text.split(['\n', '\r']).zip(1..);
    if error.message.contains("more than one document") {
        let (_, line) = lines().filter(|(line, _)| line.starts_with("---")).last()?;
        let message = format!("more than one document: another one begins on line {line}; a sweep file is one");
        return Some(SyntaxError { position: Some((line, 1)), message });
    }
    let (reported, _) = error.position?;
    let indented_by_tab = |line: &str| {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        line[..indent].contains('\t')
    };
    // The scanner may notice one line later.
    let near = |(_, line): &(&str, usize)| (reported.saturating_sub(1)..=reported + 1).contains(line);
    let (_, line) = lines().filter(near).find(|(line, _)| indented_by_tab(line) && !line.trim().is_empty())?;
    let message = "a tab indents this line, which YAML does not allow: indent with spaces".to_owned();
    Some(SyntaxError { position: Some((line, 1)), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_every_kind_of_line_end() {
        assert_eq!(
            [position(""), position("a"), position("a\r\nbc"), position("a\rb\n")],
            [(1, 1), (1, 2), (2, 3), (3, 1)]
        );
    }
}
