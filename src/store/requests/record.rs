//! A request and its answer, as they are written.

use serde::{Deserialize, Serialize};

use crate::spec::RunId;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "asks_for", rename_all = "snake_case")]
pub enum Request {
    /// The run is to go no further; what it has is kept, and its place in the pack goes to the next run.
    Stop { run: RunId },
    /// A run that stopped is to go on up to an epoch (none: its last one).
    Extend {
        run: RunId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epochs: Option<usize>,
    },
    /// A run that failed, or whose files are damaged, is to be done again.
    Retry { run: RunId },
    /// Every configuration of the sweep file is to have these seeds as well.
    AddSeeds { seeds: Vec<u64> },
}

impl Request {
    /// The run that it is about; none where it is about the sweep.
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Stop { run } | Self::Extend { run, .. } | Self::Retry { run } => Some(run),
            Self::AddSeeds { .. } => None,
        }
    }

    /// What is asked for, without the run.
    pub fn verb(&self) -> String {
        match self {
            Self::Stop { .. } => "stop".to_owned(),
            Self::Extend { epochs: None, .. } => "extend".to_owned(),
            Self::Extend { epochs: Some(epochs), .. } => format!("extend to epoch {epochs}"),
            Self::Retry { .. } => "retry".to_owned(),
            Self::AddSeeds { seeds } => {
                let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
                format!("add seeds {}", seeds.join(", "))
            }
        }
    }
}

/// The name of a request, by which requests are in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub(super) String);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `requests/<id>.json`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    pub format_version: u32,
    #[serde(flatten)]
    pub request: Request,
    /// Who asked, for people to read.
    pub who: String,
    /// RFC 3339, UTC.
    pub when: String,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Answer {
    /// What was done, and what follows from it: a sentence or two.
    Done { what: String },
    /// Why nothing was done.
    Refused { reason: String },
}

impl Answer {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// For people to read.
    pub fn text(&self) -> &str {
        match self {
            Self::Done { what } => what,
            Self::Refused { reason } => reason,
        }
    }
}

/// An answer, with who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRecord {
    #[serde(flatten)]
    pub answer: Answer,
    /// The worker's name.
    pub by: String,
    /// RFC 3339, UTC.
    pub when: String,
}

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestView {
    pub id: RequestId,
    /// None where it could not be read, which the answer says.
    pub request: Option<RequestRecord>,
    /// None while it waits.
    pub answer: Option<AnswerRecord>,
}

/// `requests/answered/<id>.json`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AnsweredRecord {
    pub format_version: u32,
    pub request: Option<RequestRecord>,
    pub answer: AnswerRecord,
}
