//! What is found to differ.

/// In what two things differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub a: String,
    pub b: String,
    pub parts: Vec<Aspect>,
}

/// In what they differ of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspect {
    pub title: &'static str,
    pub rows: Vec<Row>,
    /// How many are the same.
    pub same: usize,
    /// Why nothing is known, or what is to be known of the rows.
    pub note: Option<String>,
}

/// What is not the same, with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub a: String,
    pub b: String,
}
