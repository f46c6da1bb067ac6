//! Which backend computes, and why.

use std::fmt;

/// Which backend the caller wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendRequest {
    /// The fastest that the device and the model allow.
    Fastest,
    /// libtorch's operations: the reference.
    Plain,
}

/// What computes a loaded model. The bytes of results depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendChoice {
    /// `plain`, `cpu` or `cuda`.
    pub backend: &'static str,
    /// The instruction set or the kernels: `AVX-512 with AVX512_BF16 products`.
    pub kernels: String,
    /// Why a faster backend that was to be expected is not used.
    pub slower_because: Option<String>,
}

impl fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.backend, self.kernels)?;
        match &self.slower_because {
            Some(reason) => write!(f, " (slower than it could be: {reason})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_says_what_computes_and_why_not_something_faster() {
        let choice =
            |slower_because| BackendChoice { backend: "plain", kernels: "libtorch".to_string(), slower_because };
        assert_eq!(choice(None).to_string(), "plain: libtorch");
        let slower = choice(Some("no NVRTC".to_string()));
        assert_eq!(slower.to_string(), "plain: libtorch (slower than it could be: no NVRTC)");
    }
}
