//! Names out of files, as they are shown to people.

/// Names in quotes, the first of many. Characters that cannot be seen are shown by their numbers.
pub(super) fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 8;
    let mut text =
        names.iter().take(SHOWN).map(|name| format!("`{}`", visible(name.as_ref()))).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// Zero-width characters, marks of direction, soft hyphens, and control characters.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    ) || character.is_control()
}

/// A name whose characters can all be seen.
pub fn visible(name: &str) -> String {
    let shown = |character: char| match character {
        '\u{a0}' | '\u{2007}' | '\u{202f}' => character.escape_unicode().collect::<String>(),
        _ if is_invisible(character) => character.escape_default().collect(),
        _ => character.to_string(),
    };
    name.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_shown() {
        assert_eq!(
            quoted(&["Business\u{200b}", "a\tb", "x\u{a0}y", "Ünï 漢"]),
            "`Business\\u{200b}`, `a\\tb`, `x\\u{a0}y`, `Ünï 漢`"
        );
    }
}
