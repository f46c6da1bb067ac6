//! What looks wrong with a data set that can be read all the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::examples::Examples;
use super::overview::{ClassRows, Columns};
use super::shown::{is_invisible, quoted};
use crate::words::{counted, grouped};

/// Fewer classes are never too many.
const MANY_CLASSES: usize = 20;
/// Rows that a class should have on average where there are many.
const ROWS_PER_CLASS: usize = 4;

/// A data set as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspects<'a> {
    pub columns: &'a Columns,
    /// Whether the text columns were detected.
    pub text_detected: bool,
    /// Rows that say what the header says, in words.
    pub headers: &'a [String],
    pub classes: &'a [ClassRows],
    pub train: &'a Examples,
    pub evaluation: &'a Examples,
    pub test: Option<&'a Examples>,
}

impl Suspects<'_> {
    /// Everything suspicious, a sentence each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let classes =
            [self.scores(), self.odd_labels(), self.alike(), self.many_classes(), self.single_rows(), self.absent()];
        let texts = [self.text_left_out(), self.repeated_header(), self.numeric_texts(), self.invisible_texts()];
        let pairs = [self.evaluation_trained_on(), self.test_known(), self.contradictions()];
        texts.into_iter().chain(classes).chain(pairs).flatten().collect()
    }

    fn text_left_out(&self) -> Option<String> {
        let Columns { text, texts_left_out, .. } = self.columns;
        if !self.text_detected || texts_left_out.is_empty() {
            return None;
        }
        let all: Vec<&str> = text.iter().chain(texts_left_out).map(String::as_str).collect();
        let (are, used) = (if texts_left_out.len() == 1 { "looks" } else { "look" }, quoted(text));
        Some(format!(
            "{} {are} like text and {} not used, only {used}: name the columns that make the text (`dataset.text: [{}]`, or {used} \
             alone).",
            quoted(texts_left_out),
            if texts_left_out.len() == 1 { "is" } else { "are" },
            all.join(", ")
        ))
    }

    fn repeated_header(&self) -> Option<String> {
        let first = self.headers.first()?;
        let more = self.headers.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        Some(format!("A row says what the header says, and makes a class of its own: {first}{more}."))
    }

    fn numeric_texts(&self) -> Option<String> {
        let numbers = self.texts().filter(|text| text.trim().parse::<f64>().is_ok()).count();
        (2 * numbers > self.total()).then(|| {
            let (numbers, texts) = (grouped(numbers), counted(self.total(), "text"));
            format!("{numbers} of {texts} are numbers: is {} the text?", quoted(&self.columns.text))
        })
    }

    fn invisible_texts(&self) -> Option<String> {
        let empty = |text: &&String| text.chars().all(|character| character.is_whitespace() || is_invisible(character));
        let empty = self.texts().filter(empty).count();
        (empty > 0).then(|| format!("{} no character that can be seen.", rows_have(empty, "text")))
    }

    /// Labels that are numbers, but not whole ones.
    fn scores(&self) -> Option<String> {
        let number = |class: &ClassRows| class.name.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        let values: Vec<f64> = self.classes.iter().map(number).collect::<Option<_>>()?;
        values.iter().any(|value| value.fract() != 0.0).then(|| {
            format!(
                "The labels look like scores on a scale ({}): each of the {} distinct values is a class of its own.",
                self.counts(self.classes.iter()),
                self.classes.len()
            )
        })
    }

    /// A few words among numbers.
    fn odd_labels(&self) -> Option<String> {
        let is_number = |class: &&ClassRows| class.name.trim().parse::<f64>().is_ok_and(f64::is_finite);
        let (numbers, others): (Vec<&ClassRows>, Vec<&ClassRows>) = self.classes.iter().partition(is_number);
        let rows = |classes: &[&ClassRows]| classes.iter().map(|class| class.rows()).sum::<usize>();
        let is_odd = !others.is_empty() && numbers.len() >= 2 && 4 * rows(&others) <= rows(&numbers);
        is_odd.then(|| {
            format!("Most labels are numbers, but not all: {}; each is a class.", self.counts(others.iter().copied()))
        })
    }

    /// Names that a person would take for one.
    fn alike(&self) -> Option<String> {
        let mut groups: BTreeMap<String, Vec<&ClassRows>> = BTreeMap::new();
        for class in self.classes {
            groups.entry(essence(&class.name)).or_default().push(class);
        }
        let alike: Vec<String> =
            groups.values().filter(|group| group.len() > 1).map(|group| self.counts(group.iter().copied())).collect();
        let shown = alike.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        let more = if alike.len() > 3 { format!("; and {} more", alike.len() - 3) } else { String::new() };
        (!alike.is_empty()).then(|| format!("Different classes have names that hardly differ: {shown}{more}."))
    }

    fn many_classes(&self) -> Option<String> {
        let count = self.classes.len();
        (count >= MANY_CLASSES && ROWS_PER_CLASS * count > self.total()).then(|| {
            let (classes, rows) = (counted(count, "class"), counted(self.total(), "row"));
            format!("There are {classes} in {rows}: is `{}` the label?", self.columns.label)
        })
    }

    fn single_rows(&self) -> Option<String> {
        let single: Vec<&str> = self.names(|class| class.rows() == 1);
        (!single.is_empty()).then(|| format!("{} a single row: {}.", rows_have(single.len(), "class"), quoted(&single)))
    }

    /// Classes without rows in one of the parts.
    fn absent(&self) -> Option<String> {
        let untrained = self.names(|class| class.train == 0);
        let unseen = self.names(|class| class.train > 0 && class.evaluation == 0);
        let untested = self.names(|class| class.train > 0 && class.test == 0);
        let untested = if self.test.is_some() { untested } else { Vec::new() };
        let sentence = |classes: &[&str], part: &str| {
            let some = !classes.is_empty();
            some.then(|| {
                format!("{} no row in the {part} part: {}.", rows_have(classes.len(), "class"), quoted(classes))
            })
        };
        let sentences =
            [sentence(&untrained, "training"), sentence(&unseen, "evaluation"), sentence(&untested, "test")];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    fn evaluation_trained_on(&self) -> Option<String> {
        let both = common(self.evaluation, &[self.train]);
        (both > 0).then(|| {
            format!(
                "{} in the training part, too: the evaluation is too good by that.",
                texts_occur(both, self.evaluation.len(), "evaluation text")
            )
        })
    }

    /// In a part that is trained on or that chooses.
    fn test_known(&self) -> Option<String> {
        let test = self.test?;
        let (trained, both) = (common(test, &[self.train]), common(test, &[self.train, self.evaluation]));
        let parts = match (trained == 0, trained == both) {
            (true, _) => "the evaluation part",
            (_, true) => "the training part",
            _ => "the training or the evaluation part",
        };
        (both > 0).then(|| {
            format!("{} in {parts}, too: the test is too good by that.", texts_occur(both, test.len(), "test text"))
        })
    }

    fn contradictions(&self) -> Option<String> {
        let mut labels: HashMap<&str, (u32, bool)> = HashMap::new();
        for part in self.parts() {
            for (text, label) in part.texts.iter().zip(&part.labels) {
                let (first, differs) = labels.entry(text).or_insert((*label, false));
                *differs |= first != label;
            }
        }
        let count = labels.values().filter(|(_, differs)| *differs).count();
        (count > 0).then(|| format!("{} different labels in different rows.", rows_have(count, "text")))
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        self.parts().flat_map(|part| &part.texts)
    }

    fn parts(&self) -> impl Iterator<Item = &Examples> {
        [self.train, self.evaluation].into_iter().chain(self.test)
    }

    fn total(&self) -> usize {
        self.parts().map(Examples::len).sum()
    }

    fn names(&self, is_it: impl Fn(&ClassRows) -> bool) -> Vec<&str> {
        self.classes.iter().filter(|class| is_it(class)).map(|class| class.name.as_str()).collect()
    }

    /// `` `a` (12 rows), `b` (1 row) ``
    fn counts<'c>(&self, classes: impl Iterator<Item = &'c ClassRows>) -> String {
        const SHOWN: usize = 6;
        let all: Vec<&ClassRows> = classes.collect();
        let one = |class: &&ClassRows| {
            let rows = class.rows();
            format!("{} ({})", quoted(&[&class.name]), counted(rows, "row"))
        };
        let mut text = all.iter().take(SHOWN).map(one).collect::<Vec<_>>().join(", ");
        if all.len() > SHOWN {
            text.push_str(&format!(" and {} more", all.len() - SHOWN));
        }
        text
    }
}

/// Texts of a part that occur in others.
fn common(part: &Examples, others: &[&Examples]) -> usize {
    let known: HashSet<&str> = others.iter().flat_map(|other| &other.texts).map(String::as_str).collect();
    part.texts.iter().filter(|text| known.contains(text.as_str())).count()
}

/// `1 of 2 evaluation texts occurs`.
fn texts_occur(count: usize, all: usize, what: &str) -> String {
    let occur = if count == 1 { "occurs" } else { "occur" };
    format!("{} of {} {occur}", grouped(count), counted(all, what))
}

/// `1 class has`, `3 classes have`.
fn rows_have(count: usize, what: &str) -> String {
    format!("{} {}", counted(count, what), if count == 1 { "has" } else { "have" })
}

/// What is left of a name without case, characters that cannot be seen, and the kind of white space; a number's value.
fn essence(name: &str) -> String {
    let seen: String =
        name.chars().filter(|character| character.is_whitespace() || !is_invisible(*character)).collect();
    let words = seen.to_lowercase().replace(['_', '-'], " ");
    let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_numeric = name.trim().starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'));
    match name.trim().parse::<f64>() {
        Ok(value) if is_numeric => (value + 0.0).to_string(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(rows: &[(&str, u32)]) -> Examples {
        Examples {
            texts: rows.iter().map(|(text, _)| (*text).to_owned()).collect(),
            labels: rows.iter().map(|(_, label)| *label).collect(),
            rows: (0..rows.len()).collect(),
        }
    }

    /// The warnings for classes with these numbers of training and evaluation rows.
    fn of_classes(classes: &[(&str, usize, usize)]) -> Vec<String> {
        let columns = Columns { text: vec!["text".to_owned()], label: "label".to_owned(), ..Columns::default() };
        let class = |(name, train, evaluation): &(&str, usize, usize)| ClassRows {
            name: (*name).to_owned(),
            train: *train,
            evaluation: *evaluation,
            test: 0,
        };
        let none = Examples::default();
        let classes: Vec<ClassRows> = classes.iter().map(class).collect();
        let suspects = Suspects {
            columns: &columns,
            text_detected: true,
            headers: &[],
            classes: &classes,
            train: &none,
            evaluation: &none,
            test: None,
        };
        suspects.warnings()
    }

    /// D8.
    #[test]
    fn classes_that_a_person_would_take_for_one() {
        let alike = [("Business", 40, 5), ("Business\u{200b}", 2, 1), ("Sports", 30, 9), ("sports ", 3, 2)];
        insta::assert_snapshot!(of_classes(&alike).join("\n"), @r"Different classes have names that hardly differ: `Business` (45 rows), `Business\u{200b}` (3 rows); `Sports` (39 rows), `sports ` (5 rows).");
        for pair in [
            ("01", "1"),
            ("-0", "0"),
            ("1.0", "1.00"),
            ("Sci-Tech", "sci tech"),
            ("a\u{a0}b", "a b"),
            ("no", "\u{feff}No"),
        ] {
            assert_eq!(of_classes(&[(pair.0, 9, 9), (pair.1, 9, 9)]).len(), 1, "{pair:?}");
        }
        for pair in [("1", "11"), ("a", "b"), ("nan", "NaN2"), ("1", "-1"), ("infinity", "x")] {
            assert_eq!(of_classes(&[(pair.0, 9, 9), (pair.1, 9, 9)]), Vec::<String>::new(), "{pair:?}");
        }
    }

    /// D8.
    #[test]
    fn labels_that_may_be_no_classes() {
        let scores: Vec<(&str, usize, usize)> = ["0.12", "0.5", "0.77", "1"].map(|name| (name, 2, 1)).to_vec();
        insta::assert_snapshot!(of_classes(&scores).join("\n"), @"The labels look like scores on a scale (`0.12` (3 rows), `0.5` (3 rows), `0.77` (3 rows), `1` (3 rows)): each of the 4 distinct values is a class of its own.");
        let odd = [("0", 40, 4), ("1", 30, 3), ("label", 1, 0), ("unknown", 3, 1)];
        insta::assert_snapshot!(of_classes(&odd).join("\n"), @r"
        Most labels are numbers, but not all: `label` (1 row), `unknown` (4 rows); each is a class.
        1 class has a single row: `label`.
        1 class has no row in the evaluation part: `label`.
        ");
        let names: Vec<String> = (0..30).map(|number| format!("name {number}")).collect();
        let many: Vec<(&str, usize, usize)> = names.iter().map(|name| (name.as_str(), 2, 1)).collect();
        assert!(of_classes(&many)[0].starts_with("There are 30 classes in 0 rows"));
        assert_eq!(
            of_classes(&[("a", 0, 3), ("b", 4, 0), ("c", 1, 1)]),
            ["1 class has no row in the training part: `a`. 1 class has no row in the evaluation part: `b`."]
        );
    }

    /// D7, D8.
    #[test]
    fn texts_that_may_be_wrong() {
        let columns = Columns {
            text: vec!["sentence1".to_owned()],
            label: "label".to_owned(),
            left_out: vec!["id".to_owned(), "sentence2".to_owned()],
            texts_left_out: vec!["sentence2".to_owned()],
        };
        let classes = ["a", "b"].map(|name| ClassRows { name: name.to_owned(), train: 2, evaluation: 2, test: 0 });
        let train = examples(&[("one", 0), ("two", 1), ("\u{200b} ", 0), ("two", 0)]);
        let evaluation = examples(&[("two", 1), ("3", 0)]);
        let headers = ["a.csv, line 7".to_owned()];
        let mut suspects = Suspects {
            columns: &columns,
            text_detected: true,
            headers: &headers,
            classes: &classes,
            train: &train,
            evaluation: &evaluation,
            test: None,
        };
        insta::assert_snapshot!(suspects.warnings().join("\n"), @r"
        `sentence2` looks like text and is not used, only `sentence1`: name the columns that make the text (`dataset.text: [sentence1, sentence2]`, or `sentence1` alone).
        A row says what the header says, and makes a class of its own: a.csv, line 7.
        1 text has no character that can be seen.
        1 of 2 evaluation texts occurs in the training part, too: the evaluation is too good by that.
        1 text has different labels in different rows.
        ");
        suspects.text_detected = false;
        suspects.headers = &[];
        assert_eq!(suspects.warnings().len(), 3);
    }
}
