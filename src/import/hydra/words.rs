//! A command line as words.

/// Words between spaces that stand outside of quotes and brackets. Quotes around words, or around a value, are taken away as
/// a shell does; a backslash at the end of a line continues it.
pub(super) fn split(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut depth, mut quote) = (0usize, None);
    for character in source.replace("\\\n", " ").chars() {
        match (quote, character) {
            (Some(open), _) if character == open => {
                quote = None;
                if depth > 0 {
                    word.push(character);
                }
            }
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => {
                quote = Some(character);
                if depth > 0 {
                    word.push(character);
                }
            }
            (None, _) if character.is_whitespace() && depth == 0 => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (None, _) => {
                match character {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                word.push(character);
            }
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_outside_of_quotes_and_brackets() {
        let line = "python a.py -m 'lr=choice(1e-4, 1e-3)' b=range(1, 3) \\\n c=\"x y\" d=choice('p q',r)";
        let words = split(line);
        let expected = ["python", "a.py", "-m", "lr=choice(1e-4, 1e-3)", "b=range(1, 3)", "c=x y", "d=choice('p q',r)"];
        assert_eq!(words, expected);
    }
}
