//! The secret that who asks must know.

use std::fmt;

use crate::dashboard::error::DashboardError;

/// Bytes of a token that is drawn.
const BYTES: usize = 24;
/// Shorter ones that people choose can be guessed.
const SHORTEST: usize = 16;

/// A secret. It is neither shown by `{:?}` nor compared in a time that depends on it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Of the system's random numbers.
    ///
    /// # Errors
    /// The system has none.
    pub fn draw() -> Result<Self, DashboardError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(DashboardError::Random)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that somebody chose.
    ///
    /// # Errors
    /// It is too short, or has characters that would need quoting in an address.
    pub fn parse(text: &str) -> Result<Self, DashboardError> {
        if text.len() < SHORTEST {
            return Err(DashboardError::Token("a token that cannot be guessed has at least 16 characters"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
            return Err(DashboardError::Token("a token consists of letters, digits, `-`, `_` and `.`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// For an address, and for who owns it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is(&self, other: &str) -> bool {
        // Equality of hashes compares in constant time, and so says nothing of how far a guess is right.
        blake3::hash(self.0.as_bytes()) == blake3::hash(other.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_tokens_differ_and_are_not_shown() {
        let (one, other) = (Token::draw().unwrap(), Token::draw().unwrap());
        assert!(one.is(one.expose()) && !one.is(other.expose()) && !one.is(""));
        assert_eq!((one.expose().len(), format!("{one:?}").as_str()), (2 * BYTES, "Token(..)"));
        assert!(Token::parse(one.expose()).is_ok());
    }

    #[test]
    fn what_can_be_guessed_is_no_token() {
        for wrong in ["", "secret", "fifteen-letters", "0123456789abcdef&x=y", "0123456789abcdef é"] {
            assert!(Token::parse(wrong).is_err(), "{wrong}");
        }
    }
}
