//! The command of a sweep.

/// The command line with quotes where a shell needs them.
pub(crate) fn shell(command: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    command.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_into_a_shell() {
        let command = ["sweep", "run", "my sweep.yaml", "--set", "name=it's"].map(String::from);
        assert_eq!(shell(&command), r"sweep run 'my sweep.yaml' --set 'name=it'\''s'");
    }
}
