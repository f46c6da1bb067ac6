//! How numbers, their nouns and paths are written for people, the same everywhere.

use std::path::Path;

/// `1 run`, `2 runs`, `1,240 runs`, `2 hypotheses`, `2 classes`.
pub fn counted(number: usize, noun: &str) -> String {
    let number_words = grouped(number);
    if number == 1 {
        return format!("{number_words} {noun}");
    }
    match noun.strip_suffix("sis") {
        Some(stem) => format!("{number_words} {stem}ses"),
        None if noun.ends_with('s') => format!("{number_words} {noun}es"),
        None => format!("{number_words} {noun}s"),
    }
}

/// `six`; digits from thirteen on.
pub fn spelled(number: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(number).map_or_else(|| grouped(number), |word| (*word).to_owned())
}

/// `950`, `1,240`, `1,000,000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A path as one word of a command for a shell: in quotes where it has characters that a shell would take for its own.
pub fn shell_path(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | '=' | ':' | '@' | '%');
    if !text.is_empty() && !text.starts_with('=') && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_thousands_are_grouped() {
        assert_eq!([0, 1, 2, 1240].map(|number| counted(number, "run")), ["0 runs", "1 run", "2 runs", "1,240 runs"]);
        assert_eq!([1, 3].map(|number| counted(number, "hypothesis")), ["1 hypothesis", "3 hypotheses"]);
        assert_eq!([1, 3].map(|number| counted(number, "class")), ["1 class", "3 classes"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn paths_are_quoted_where_a_shell_needs_it() {
        let shown = |path: &str| shell_path(Path::new(path));
        assert_eq!(shown("results/quick-start_1"), "results/quick-start_1");
        assert_eq!(shown("my results/a"), "'my results/a'");
        assert_eq!(shown("it's"), r"'it'\''s'");
        assert_eq!(shown("$HOME"), "'$HOME'");
    }
}
