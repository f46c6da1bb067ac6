//! How deep the brackets of a YAML text nest, before it is parsed: the parser's time grows with the square of the depth.

/// Deeper than any file that a person writes; the parser itself gives up a little further.
const DEEPEST: usize = 100;
/// Bytes of the longest text that is parsed.
const LONGEST: usize = 4 << 20;

/// Why a YAML text is not worth parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// Where the bracket is that nests too deep: line and column, counted from 1.
    Depth {
        line: usize,
        column: usize,
    },
    Length,
}

impl std::fmt::Display for Excess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Depth { .. } => write!(f, "more than {DEEPEST} brackets are open"),
            Self::Length => write!(f, "the text is longer than {} MiB", LONGEST >> 20),
        }
    }
}

/// The first reason not to parse `text`, where there is one. Brackets in quotes and comments do not count.
pub(crate) fn excess(text: &str) -> Option<Excess> {
    if text.len() > LONGEST {
        return Some(Excess::Length);
    }
    let (mut depth, mut quote, mut before) = (0usize, None, ' ');
    for (line, characters) in text.lines().enumerate() {
        let mut comment = false;
        for (column, character) in characters.chars().enumerate() {
            match (quote, character) {
                // A backslash hides the next character of a text in double quotes.
                (Some('"'), '"') if before == '\\' => {}
                (Some(open), _) if character == open => quote = None,
                (Some(_), _) => {}
                _ if comment => break,
                (None, '#') if before.is_whitespace() || column == 0 => comment = true,
                // In the middle of a plain text a quote is a letter.
                (None, '"' | '\'') if before.is_whitespace() || column == 0 || "[{,:(-".contains(before) => {
                    quote = Some(character);
                }
                (None, '[' | '{') => {
                    depth += 1;
                    if depth > DEEPEST {
                        return Some(Excess::Depth { line: line + 1, column: column + 1 });
                    }
                }
                (None, ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            before = if before == '\\' && character == '\\' { ' ' } else { character };
        }
        before = ' ';
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M6: 200 KB of brackets took the parser most of a minute.
    #[test]
    fn brackets_nest_only_so_deep() {
        let deep = format!("a: 1\nb: {}", "[".repeat(200_000));
        assert_eq!(excess(&deep), Some(Excess::Depth { line: 2, column: 104 }));
        assert_eq!(excess(&"{a: ".repeat(101)), Some(Excess::Depth { line: 1, column: 401 }));
        assert_eq!(excess(&"x".repeat(LONGEST + 1)), Some(Excess::Length));
        for text in ["[]".repeat(500), format!("'{}'", "[".repeat(500)), format!("a: \"\\\"{}\"", "[".repeat(500))] {
            assert_eq!(excess(&text), None, "{text}");
        }
        assert_eq!(excess(&format!("# {}\na: don't {}", "[".repeat(500), "]".repeat(9))), None);
    }
}
