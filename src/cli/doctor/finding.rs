//! What checks found, and how it is shown.

use console::style;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    subject: &'static str,
    detail: String,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Found,
    /// Not there, and only some uses need it.
    Optional {
        mend: String,
    },
    /// Not there, and nothing goes without it.
    Missing {
        mend: String,
    },
}

impl Finding {
    pub fn found(subject: &'static str, detail: impl Into<String>) -> Self {
        Finding { subject, detail: detail.into(), state: State::Found }
    }

    pub fn optional(subject: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Finding { subject, detail: detail.into(), state: State::Optional { mend: mend.into() } }
    }

    pub fn missing(subject: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Finding { subject, detail: detail.into(), state: State::Missing { mend: mend.into() } }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self.state, State::Missing { .. })
    }
}

/// One line per finding, the mending command under it.
pub fn render(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Finding { subject, detail, state } in findings {
        let (mark, mend) = match state {
            State::Found => (style("ok     ").green(), None),
            State::Optional { mend } => (style("-      ").yellow(), Some(mend)),
            State::Missing { mend } => (style("missing").red(), Some(mend)),
        };
        text.push_str(&format!("{mark}  {subject:width$}  {detail}\n"));
        if let Some(mend) = mend {
            text.push_str(&format!("         {:width$}  → {mend}\n", ""));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_says_how_to_mend_it() {
        console::set_colors_enabled(false);
        let findings = [
            Finding::found("libtorch", "2.11.0"),
            Finding::optional("Slurm", "no sbatch", "apt-get install slurm-client"),
            Finding::missing("model", "not there", "make setup"),
        ];
        insta::assert_snapshot!(render(&findings), @"
        ok       libtorch  2.11.0
        -        Slurm     no sbatch
                           → apt-get install slurm-client
        missing  model     not there
                           → make setup
        ");
    }
}
