//! How labels name classes: what a data set's labels mean, and whether another file's labels mean the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::shown::quoted;

/// How labels name classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// By the class's name, as it is written.
    Names,
    /// By the class's number, counted from `first`. A name that is no number is understood as well.
    Numbers { first: i64 },
}

/// How the labels of one column are written, where that is not exactly as they were learned. It holds for the whole column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelForm {
    AsLearned,
    /// `1.0` for 1, which is what data frames make of whole numbers in a column that lacks values elsewhere.
    Floats,
    /// `True` for `true`: formats write them differently.
    Booleans,
    /// The numbers 1 to 4 of the original AG News files, where the classes have those names.
    News,
    /// The numbers, counted from 0, of class names that the file itself gives: each label is the class of that name.
    OwnNames(Vec<String>),
}

/// The classes that the numbers 1 to 4 of the original AG News files stand for.
pub(super) const NEWS: [&str; 4] = ["World", "Sports", "Business", "Sci/Tech"];

/// Classes in order, and how labels name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    coding: Coding,
}

/// A column has labels that name no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// In alphabetical order.
    pub unknown: Vec<String>,
    /// How they were read.
    pub form: LabelForm,
}

/// Integer labels that leave classes out; these were found.
#[derive(Debug, PartialEq, Eq)]
pub struct Gaps(pub Vec<i64>);

/// How labels become targets, learned from the distinct labels of the training source, the names that the files give, and
/// whether they have the layout of the original AG News. A task says which.
pub type LearnLabels = fn(&BTreeSet<&str>, Option<Vec<String>>, bool) -> Result<Classes, Gaps>;

impl Classes {
    pub fn new(names: Vec<String>, coding: Coding) -> Self {
        Self { names, coding }
    }

    /// Learns the classes from the distinct labels of the training source, white space around them taken off.
    ///
    /// With `names` (from the file's metadata or the data set's card) these are the classes, in that order, and integer labels
    /// count them from 0, or from 1 where the last number occurs and 0 does not. Without names, integer labels must run
    /// without gaps from 0 or 1 and are their own names; any other labels are class names exactly as they are written (`01` and
    /// `1` are two), sorted by Unicode code point as Hugging Face's `class_encode_column` sorts them. In a file with the `news`
    /// layout, the labels 1, 2, 3 and 4 are the classes of AG News, if all of them and no others occur.
    ///
    /// # Errors
    /// Integer labels with gaps.
    pub fn learn(distinct: &BTreeSet<&str>, names: Option<Vec<String>>, news: bool) -> Result<Self, Gaps> {
        let numbers: Option<BTreeSet<i64>> = distinct.iter().map(|label| whole(label)).collect();
        let is_news = news && numbers.as_ref().is_some_and(|numbers| numbers.iter().copied().eq(1..=4));
        let names = names.or_else(|| is_news.then(|| NEWS.map(str::to_owned).to_vec()));
        match (names, numbers) {
            (Some(names), Some(numbers)) => {
                let from_one = !numbers.contains(&0) && numbers.contains(&(names.len() as i64));
                Ok(Self::new(names, Coding::Numbers { first: i64::from(from_one) }))
            }
            (Some(names), None) => Ok(Self::new(names, Coding::Names)),
            (None, Some(numbers)) => {
                let first = numbers.first().copied().unwrap_or(0);
                let last = numbers.last().copied().unwrap_or(0);
                if !matches!(first, 0 | 1) || last - first != numbers.len() as i64 - 1 {
                    return Err(Gaps(numbers.into_iter().collect()));
                }
                let names = numbers.iter().map(i64::to_string).collect();
                Ok(Self::new(names, Coding::Numbers { first }))
            }
            (None, None) => {
                let names = distinct.iter().map(|label| (*label).to_owned()).collect();
                Ok(Self::new(names, Coding::Names))
            }
        }
    }

    /// The classes of names alone, of which it is not known how labels named them: names that are whole numbers without gaps
    /// were labels themselves, other names too.
    pub fn from_names(names: Vec<String>) -> Self {
        let numbers: Option<Vec<i64>> = names.iter().map(|name| integer(name)).collect();
        let coding = match numbers.as_deref() {
            Some([first @ (0 | 1), rest @ ..]) if rest.iter().copied().eq(first + 1..first + 1 + rest.len() as i64) => {
                Coding::Numbers { first: *first }
            }
            _ => Coding::Names,
        };
        Self::new(names, coding)
    }

    /// The classes of a model that no run describes: its names count as in `id2label`, from 0, unless names are numbers
    /// themselves.
    pub fn from_model(names: Vec<String>) -> Self {
        match names.iter().any(|name| integer(name.trim()).is_some()) {
            true => Self::from_names(names),
            false => Self::new(names, Coding::Numbers { first: 0 }),
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// In which form the labels of a whole column name these classes: the first in which all of them do. `news` says that the
    /// column is one of a file with the layout of the original AG News.
    ///
    /// # Errors
    /// In none; the unknown ones are those that are not known as they were learned.
    pub fn form(&self, distinct: &BTreeSet<&str>, news: bool) -> Result<LabelForm, Misfit> {
        let forms = [LabelForm::AsLearned, LabelForm::Floats, LabelForm::Booleans];
        let news = (news && self.coding == Coding::Names).then_some(LabelForm::News);
        let known = forms.into_iter().chain(news).find(|form| self.knows_all(distinct, form));
        known.ok_or_else(|| self.misfit(distinct, LabelForm::AsLearned))
    }

    /// As [`Self::form`], for a file that itself gives `own` names for the numbers in its column. They count where the numbers
    /// would stand for other classes otherwise: a number is then the class of that name, also where the name is a number.
    /// `named`: the names of the classes were given to the training by its files, too. Classes that are mere numbers have none,
    /// so a file that has words for the same numbers is read by number.
    ///
    /// # Errors
    /// As [`Self::form`].
    pub fn form_of_named(&self, distinct: &BTreeSet<&str>, own: Vec<String>, named: bool) -> Result<LabelForm, Misfit> {
        let by_name = match self.coding {
            Coding::Names => true,
            Coding::Numbers { first } if own == self.names => first != 0 && !named,
            Coding::Numbers { first } => named || first != 0 || own.iter().all(|name| self.names.contains(name)),
        };
        if !by_name {
            return self.form(distinct, false);
        }
        let form = LabelForm::OwnNames(own);
        if self.knows_all(distinct, &form) { Ok(form) } else { Err(self.misfit(distinct, form)) }
    }

    fn knows_all(&self, distinct: &BTreeSet<&str>, form: &LabelForm) -> bool {
        distinct.iter().all(|label| self.index(label, form).is_some())
    }

    fn misfit(&self, distinct: &BTreeSet<&str>, form: LabelForm) -> Misfit {
        let unknown = distinct.iter().filter(|label| self.index(label, &form).is_none());
        Misfit { unknown: unknown.map(|label| (*label).to_owned()).collect(), form }
    }

    /// The class that a label in this form names.
    pub fn index(&self, label: &str, form: &LabelForm) -> Option<u32> {
        let label = label.trim();
        match form {
            LabelForm::AsLearned => self.learned(label),
            LabelForm::Floats => self.learned(&whole(label)?.to_string()),
            LabelForm::Booleans => {
                let boolean = |text: &str| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
                let same = |name: &String| boolean(name) && name.eq_ignore_ascii_case(label);
                self.position(same)
            }
            LabelForm::News => {
                let number = usize::try_from(integer(label)?).ok()?;
                let name = NEWS.get(number.checked_sub(1)?)?;
                self.position(|known| known == name)
            }
            LabelForm::OwnNames(own) => {
                let name = own_name(own, label)?.trim();
                self.position(|known| known.trim() == name)
            }
        }
    }

    fn learned(&self, label: &str) -> Option<u32> {
        if let Coding::Numbers { first } = self.coding
            && let Some(number) = integer(label)
        {
            let class = u32::try_from(number.checked_sub(first)?).ok()?;
            return ((class as usize) < self.names.len()).then_some(class);
        }
        self.position(|name| name.trim() == label)
    }

    fn position(&self, is_it: impl Fn(&String) -> bool) -> Option<u32> {
        self.names.iter().position(is_it).and_then(|class| u32::try_from(class).ok())
    }

    /// Whether the classes are mere numbers: those that labels are.
    pub fn are_numbers(&self) -> bool {
        let Coding::Numbers { first } = self.coding else {
            return false;
        };
        self.names.iter().zip(first..).all(|(name, number)| *name == number.to_string())
    }

    /// What labels are, in words: the end of a sentence that begins with "the labels are".
    pub fn in_words(&self) -> String {
        let Coding::Numbers { first } = self.coding else {
            return format!("the names of the classes: {}", quoted(&self.names));
        };
        let last = first + self.names.len() as i64 - 1;
        if self.are_numbers() {
            return format!("the whole numbers from {first} to {last}");
        }
        format!("the numbers from {first} to {last}, which stand for {}", quoted(&self.names))
    }
}

/// The name that a number in a file's label column stands for there; what is no number is a name already.
pub(super) fn own_name<'a>(own: &'a [String], label: &'a str) -> Option<&'a str> {
    match whole(label.trim()) {
        Some(number) => own.get(usize::try_from(number).ok()?).map(String::as_str),
        None => Some(label),
    }
}

/// An integer in the one way in which integers are written: `01`, `+1` and `-0` are names.
fn integer(label: &str) -> Option<i64> {
    label.parse().ok().filter(|number: &i64| number.to_string() == label)
}

/// An integer, also as data frames write it.
fn whole(label: &str) -> Option<i64> {
    integer(label.strip_suffix(".0").unwrap_or(label))
}

/// Whether an integer is written as data frames write it.
pub(super) fn is_float_form(label: &str) -> bool {
    integer(label).is_none() && whole(label).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(labels: &str) -> BTreeSet<&str> {
        labels.split(' ').collect()
    }

    fn learn(labels: &str, names: Option<&str>) -> Result<Classes, Gaps> {
        let names = names.map(|names| names.split(' ').map(str::to_owned).collect());
        Classes::learn(&distinct(labels), names, false)
    }

    /// As the training column itself is read.
    fn index(classes: &Classes, label: &str) -> Option<u32> {
        let form = classes.form(&BTreeSet::from([label.trim()]), false).ok()?;
        classes.index(label, &form)
    }

    #[test]
    fn labels_become_classes() {
        // labels, names, expected names, label -> class
        let cases = [
            ("2 0 1", None, "0 1 2", vec![("0", Some(0)), ("2", Some(2)), ("3", None), ("-1", None)]),
            ("2 1 3", None, "1 2 3", vec![("1", Some(0)), ("3", Some(2)), ("0", None), ("2.0", Some(1))]),
            ("b a c a", None, "a b c", vec![("a", Some(0)), (" b ", Some(1)), ("A", None), ("0", None)]),
            ("1.0 0.0", None, "0 1", vec![("1", Some(1)), ("0.0", Some(0))]),
            ("0 2", Some("x y z"), "x y z", vec![("1", Some(1)), ("y", Some(1)), ("3", None)]),
            ("1 3", Some("x y z"), "x y z", vec![("1", Some(0)), ("3", Some(2)), ("0", None)]),
            ("z x", Some("z y x"), "z y x", vec![("x", Some(2)), ("w", None), ("0", None)]),
            ("1 x", None, "1 x", vec![("x", Some(1)), ("1", Some(0))]),
            ("false true", None, "false true", vec![("true", Some(1)), ("True", Some(1)), ("1", None)]),
        ];
        for (labels, names, expected, checks) in cases {
            let classes = learn(labels, names).unwrap();
            assert_eq!(classes.names().join(" "), expected);
            for (label, class) in checks {
                assert_eq!(index(&classes, label), class, "{label} among {labels}");
            }
        }
    }

    /// D5: only what is written as integers are written is a number.
    #[test]
    fn names_are_kept_as_they_are_written() {
        for (labels, expected) in [
            ("01 02", "01 02"),
            ("01 1", "01 1"),
            ("+1 +2", "+1 +2"),
            ("-0 1", "-0 1"),
            ("0 1e0", "0 1e0"),
            ("1.00 2.00", "1.00 2.00"),
            ("1.0 1.1", "1.0 1.1"),
            ("0x0 0x1", "0x0 0x1"),
            ("True False", "False True"),
            ("١ ٢", "١ ٢"),
            ("9 10 11 x", "10 11 9 x"),
        ] {
            let classes = learn(labels, None).unwrap();
            assert_eq!(classes.names().join(" "), expected);
            assert_eq!(classes.coding(), Coding::Names, "{labels}");
            let labels = distinct(labels);
            let form = classes.form(&labels, false).unwrap();
            let found: BTreeSet<u32> = labels.iter().map(|label| classes.index(label, &form).unwrap()).collect();
            assert_eq!(found.len(), labels.len(), "the same labels name the same classes");
        }
    }

    #[test]
    fn gaps_in_numbers_are_refused() {
        for labels in ["0 2", "2 3", "-1 1", "1 2 9"] {
            assert!(learn(labels, None).is_err(), "{labels}");
        }
        assert_eq!(learn("9 1 2", None).unwrap_err(), Gaps(vec![1, 2, 9]));
    }

    /// D2: AG News only where exactly 1, 2, 3 and 4 occur.
    #[test]
    fn the_classes_of_ag_news_are_assumed_for_its_numbers_only() {
        let news = |labels: &str| Classes::learn(&distinct(labels), None, true).unwrap();
        assert_eq!(news("1 2 3 4").names(), NEWS);
        assert_eq!(news("1 2 3 4").coding(), Coding::Numbers { first: 1 });
        for labels in ["1 2", "1 2 3", "1 2 3 4 5", "0 1 2 3 4", "1 2 3 x"] {
            assert_eq!(news(labels).names().join(" "), labels);
        }
        let named =
            Classes::new(["Business", "Sci/Tech", "Sports", "World"].map(str::to_owned).to_vec(), Coding::Names);
        let labels = distinct("1 3");
        assert_eq!(named.form(&labels, true), Ok(LabelForm::News));
        assert_eq!(named.index("1", &LabelForm::News), Some(3));
        assert!(named.form(&labels, false).is_err(), "names do not say how classes are numbered");
        assert!(named.form(&distinct("0 1"), true).is_err());
    }

    /// P1, P2: a form must fit the whole column.
    #[test]
    fn a_column_is_read_in_one_form_or_refused() {
        let from_one = learn("1 2 3", None).unwrap();
        assert_eq!(from_one.form(&distinct("1.0 2.0"), false), Ok(LabelForm::Floats));
        assert_eq!(from_one.form(&distinct("1 2.0"), false), Ok(LabelForm::Floats));
        assert_eq!(from_one.index("2.0", &LabelForm::Floats), Some(1));
        let misfit = |labels: &str| from_one.form(&distinct(labels), false).unwrap_err().unknown.join(" ");
        assert_eq!(misfit("0 1 2"), "0");
        assert_eq!(misfit("0.0 1.0 2.0"), "0.0 1.0 2.0");
        assert_eq!(misfit("1.5 2"), "1.5");
        assert_eq!(misfit("01 2"), "01");
        let news = Classes::learn(&distinct("1 2 3 4"), None, true).unwrap();
        assert_eq!(news.form(&distinct("1 3"), false), Ok(LabelForm::AsLearned));
        assert_eq!(news.index("3", &LabelForm::AsLearned), Some(2));
        assert_eq!(news.form(&distinct("Sports World"), false), Ok(LabelForm::AsLearned));
        assert_eq!(news.form(&distinct("0 1 2 3"), false).unwrap_err().unknown, ["0"]);
    }

    #[test]
    fn classes_of_names_alone() {
        let coding = |names: &str| Classes::from_names(names.split(' ').map(str::to_owned).collect()).coding();
        assert_eq!(coding("1 2 3"), Coding::Numbers { first: 1 });
        assert_eq!(coding("0 1"), Coding::Numbers { first: 0 });
        for names in ["World Sports", "01 02", "2 3", "0 2", "1 0"] {
            assert_eq!(coding(names), Coding::Names, "{names}");
        }
        // P1: a number that is a class's name is that class.
        let of_model = |names: &str| Classes::from_model(names.split(' ').map(str::to_owned).collect());
        assert_eq!(index(&of_model("1 2 3"), "1"), Some(0));
        assert_eq!(index(&of_model("5 4 3 2 1"), "1"), Some(4));
        assert_eq!(index(&of_model("0 1"), "1"), Some(1));
        assert_eq!(index(&of_model("no yes"), "1"), Some(1));
        assert_eq!(index(&of_model("no yes"), "2"), None);
    }

    #[test]
    fn the_coding_in_words() {
        let words = |labels: &str, names: Option<&str>| learn(labels, names).unwrap().in_words();
        assert_eq!(words("1 2 3", None), "the whole numbers from 1 to 3");
        assert_eq!(words("0 1", Some("no yes")), "the numbers from 0 to 1, which stand for `no`, `yes`");
        assert_eq!(words("no yes", None), "the names of the classes: `no`, `yes`");
    }
}
