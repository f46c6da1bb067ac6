//! What a data set was found to be: for people before training, and for the record of a run.

use serde::{Deserialize, Serialize};

use super::labels::{Classes, Coding};
use super::shown::quoted;

/// A data set as it was read. It is shown before training and recorded with every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub columns: Columns,
    pub coding: Coding,
    /// In class order.
    pub classes: Vec<ClassRows>,
    /// Rows that were left out because their label is missing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: usize,
    /// What nobody said and was assumed, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
    /// What is suspicious, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The columns of the training source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Joined by a space.
    pub text: Vec<String>,
    pub label: String,
    /// All others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Those among them that look like text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts_left_out: Vec<String>,
}

/// Rows of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRows {
    pub name: String,
    pub train: usize,
    pub evaluation: usize,
    /// 0 where there is no test.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub test: usize,
}

impl ClassRows {
    /// Of all parts.
    pub fn rows(&self) -> usize {
        self.train + self.evaluation + self.test
    }
}

impl Overview {
    /// The classes and how labels name them.
    pub fn labels(&self) -> Classes {
        Classes::new(self.classes.iter().map(|class| class.name.clone()).collect(), self.coding)
    }

    /// Training rows.
    pub fn train(&self) -> usize {
        self.classes.iter().map(|class| class.train).sum()
    }

    /// Evaluation rows.
    pub fn evaluation(&self) -> usize {
        self.classes.iter().map(|class| class.evaluation).sum()
    }

    /// Test rows; 0 where there is no test.
    pub fn test(&self) -> usize {
        self.classes.iter().map(|class| class.test).sum()
    }

    /// Columns and coding in one sentence.
    pub fn in_words(&self) -> String {
        let Columns { text, label, left_out, .. } = &self.columns;
        let texts = match text.as_slice() {
            [one] => format!("The text is the column `{one}`"),
            several => format!("The text is the columns {}, joined by a space", quoted(several)),
        };
        let left_out = match left_out.is_empty() {
            true => String::new(),
            false => format!("; not used: {}", quoted(left_out)),
        };
        format!("{texts}; the labels are in `{label}`: {}{left_out}.", self.labels().in_words())
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overview_in_words() {
        let class = |name: &str| ClassRows { name: name.to_owned(), train: 2, evaluation: 1, test: 0 };
        let mut overview = Overview {
            columns: Columns { text: vec!["text".to_owned()], label: "label".to_owned(), ..Columns::default() },
            coding: Coding::Numbers { first: 1 },
            classes: vec![class("1"), class("2")],
            dropped: 0,
            assumed: Vec::new(),
            warnings: Vec::new(),
        };
        insta::assert_snapshot!(overview.in_words(), @"The text is the column `text`; the labels are in `label`: the whole numbers from 1 to 2.");
        overview.columns.text.push("note".to_owned());
        overview.columns.left_out.push("id".to_owned());
        overview.coding = Coding::Names;
        insta::assert_snapshot!(overview.in_words(), @"The text is the columns `text`, `note`, joined by a space; the labels are in `label`: the names of the classes: `1`, `2`; not used: `id`.");
        assert_eq!((overview.train(), overview.evaluation()), (4, 2));
        let json = serde_json::to_string(&overview).unwrap();
        assert_eq!(serde_json::from_str::<Overview>(&json).unwrap(), overview);
    }
}
