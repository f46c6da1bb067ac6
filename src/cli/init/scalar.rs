//! Texts in a sweep file, in quotes where YAML would take them for something else.

/// A text on one line.
pub fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '@');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_') || text.starts_with("./");
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if begins && text.chars().all(plain) && !is_word.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    // A text in JSON is one in YAML.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_again() {
        for text in
            ["label", "a b", "yes", "8", "1e5", "./a.csv", "a: b", "# c", "", "ä\n\"'", "-", "~", "null", "Über"]
        {
            let read: serde_yaml::Value = serde_yaml::from_str(&scalar(text)).unwrap();
            assert_eq!(read.as_str(), Some(text), "{}", scalar(text));
        }
        assert_eq!(scalar("data/reviews.csv"), "data/reviews.csv");
    }
}
