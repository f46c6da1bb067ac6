//! From labels as they stand in a file to class numbers.

use std::collections::{BTreeSet, HashMap};

/// How labels name classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// By the class's name.
    Name,
    /// By the class's number, counted from `first` (0 or 1). A name that is no number is understood as well.
    Number { first: i64 },
}

/// The classes of a data set: their names in order, and how its labels name them.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    names: Vec<String>,
    coding: Coding,
    by_name: HashMap<String, u32>,
}

/// Integer labels that leave classes out; these were found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gaps(pub Vec<i64>);

impl Classes {
    /// Learns the classes from all labels of the training source.
    ///
    /// With `names` (from the file's metadata or the data set's card) these are the classes, in that order, and integer labels
    /// count them from 0, or from 1 where the last number occurs and 0 does not. Without names, integer labels must run
    /// without gaps from 0 or 1 and are their own names; any other labels are class names, sorted by Unicode code point as
    /// Hugging Face's `class_encode_column` sorts them.
    pub(super) fn learn(labels: &[String], names: Option<Vec<String>>) -> Result<Self, Gaps> {
        let distinct: BTreeSet<&str> = labels.iter().map(|label| label.trim()).collect();
        let numbers: Option<BTreeSet<i64>> = distinct.iter().map(|label| integer(label)).collect();
        match (names, numbers) {
            (Some(names), Some(numbers)) => {
                let coding = coding_of(&numbers, names.len() as i64);
                Ok(Self::new(names, coding))
            }
            (Some(names), None) => Ok(Self::new(names, Coding::Name)),
            (None, Some(numbers)) => {
                let first = numbers.first().copied().unwrap_or(0);
                let last = numbers.last().copied().unwrap_or(0);
                if !matches!(first, 0 | 1) || last - first != numbers.len() as i64 - 1 {
                    return Err(Gaps(numbers.into_iter().collect()));
                }
                let names = numbers.iter().map(i64::to_string).collect();
                Ok(Self::new(names, Coding::Number { first }))
            }
            (None, None) => {
                let names = distinct.into_iter().map(str::to_owned).collect();
                Ok(Self::new(names, Coding::Name))
            }
        }
    }

    fn new(names: Vec<String>, coding: Coding) -> Self {
        let by_name = names.iter().cloned().zip(0u32..).collect();
        Self { names, coding, by_name }
    }

    /// The class that a label names.
    pub(super) fn index(&self, label: &str) -> Option<u32> {
        let label = label.trim();
        if let Coding::Number { first } = self.coding
            && let Some(number) = integer(label)
        {
            let class = u32::try_from(number.checked_sub(first)?).ok()?;
            return ((class as usize) < self.names.len()).then_some(class);
        }
        self.by_name.get(label).copied()
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

fn coding_of(numbers: &BTreeSet<i64>, classes: i64) -> Coding {
    let from_one = !numbers.contains(&0) && numbers.contains(&classes);
    Coding::Number { first: i64::from(from_one) }
}

/// The class of a label among known class names: by its name, or else by its number counted from 0.
pub fn class_index(label: &str, names: &[String]) -> Option<u32> {
    let label = label.trim();
    let by_name = names.iter().position(|name| name == label);
    let by_number =
        || integer(label).and_then(|number| usize::try_from(number).ok()).filter(|&number| number < names.len());
    by_name.or_else(by_number).and_then(|class| u32::try_from(class).ok())
}

/// An integer label. `1.0` is what data frames make of a 1 in a column that lacks values elsewhere.
fn integer(label: &str) -> Option<i64> {
    label.strip_suffix(".0").unwrap_or(label).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(labels: &str, names: Option<&str>) -> Result<Classes, Gaps> {
        let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Classes::learn(&split(labels), names.map(split))
    }

    #[test]
    fn labels_become_classes() {
        // labels, names, expected names, label -> class
        let cases = [
            ("2 0 1", None, "0 1 2", vec![("0", Some(0)), ("2", Some(2)), ("3", None), ("-1", None)]),
            ("2 1 3", None, "1 2 3", vec![("1", Some(0)), ("3", Some(2)), ("0", None)]),
            ("b a c a", None, "a b c", vec![("a", Some(0)), (" b ", Some(1)), ("A", None), ("0", None)]),
            ("1.0 0.0", None, "0 1", vec![("1", Some(1)), ("0.0", Some(0))]),
            ("0 2", Some("x y z"), "x y z", vec![("1", Some(1)), ("y", Some(1)), ("3", None)]),
            ("1 3", Some("x y z"), "x y z", vec![("1", Some(0)), ("3", Some(2)), ("0", None)]),
            ("z x", Some("z y x"), "z y x", vec![("x", Some(2)), ("w", None)]),
            ("1 x", None, "1 x", vec![("x", Some(1)), ("1", Some(0))]),
            ("false true", None, "false true", vec![("true", Some(1))]),
        ];
        for (labels, names, expected, checks) in cases {
            let classes = learn(labels, names).unwrap();
            assert_eq!(classes.names().join(" "), expected);
            for (label, class) in checks {
                assert_eq!(classes.index(label), class, "{label} among {labels}");
            }
        }
    }

    #[test]
    fn gaps_in_numbers_are_refused() {
        for labels in ["0 2", "2 3", "-1 1", "1 2 9"] {
            assert!(learn(labels, None).is_err(), "{labels}");
        }
        assert_eq!(learn("9 1 2", None).unwrap_err(), Gaps(vec![1, 2, 9]));
    }

    #[test]
    fn known_names_are_found_by_name_then_by_number() {
        let names = ["1", "0", "Sports"].map(str::to_owned);
        assert_eq!(class_index("1", &names), Some(0));
        assert_eq!(class_index("2", &names), Some(2));
        assert_eq!(class_index("Sports", &names), Some(2));
        assert_eq!(class_index("3", &names), None);
    }
}
