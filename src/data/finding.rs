//! What was assumed while the rows of a data set were read.

use std::collections::BTreeSet;

use super::error::DataError;
use super::examples::Examples;
use super::labels::{Classes, Coding, LabelForm, NEWS, is_float_form};
use super::rows::LabelledRows;
use super::shown::quoted;
use crate::words::counted;

/// What is to be said of the training source, and of those of the evaluation and the test.
#[derive(Debug, Default)]
pub(super) struct Finding {
    pub assumed: Vec<String>,
    pub warnings: Vec<String>,
    pub dropped: usize,
    /// Whether the classes' names come from the training files or the card.
    named: bool,
}

impl Finding {
    /// `named`: the classes' names come from the files or the card.
    pub(super) fn for_training(source: &LabelledRows, classes: &Classes, named: bool) -> Self {
        let mut finding = Self { named, ..Self::default() };
        finding.assumed.extend(source.notes.iter().cloned());
        finding.dropped("training", source);
        finding.columns(source);
        let distinct = source.distinct();
        if source.news {
            finding.news(classes);
        } else if let (true, Coding::Numbers { first: 1 }) = (named, classes.coding()) {
            let last = classes.names().len();
            finding.assumed.push(format!("The labels count classes from 1, because {last} occurs and 0 does not."));
        }
        if matches!(classes.coding(), Coding::Numbers { .. }) {
            finding.floats(&distinct);
        }
        finding.padded(source.padded());
        finding
    }

    /// The examples of the source of a part (`evaluation`, `test`).
    pub(super) fn evaluated(
        &mut self,
        part: &str,
        mut rows: LabelledRows,
        classes: &Classes,
    ) -> Result<Examples, DataError> {
        self.assumed.append(&mut rows.notes);
        self.dropped(part, &rows);
        self.warnings.append(&mut rows.other_columns);
        self.padded(rows.padded());
        let own = rows.class_names.take();
        let form = match &own {
            Some(own) => classes.form_of_named(&rows.distinct(), own.clone(), self.named),
            None => classes.form(&rows.distinct(), rows.news),
        };
        let form = form.unwrap_or_else(|misfit| misfit.form);
        match &form {
            LabelForm::AsLearned => {}
            LabelForm::OwnNames(names) => self.assumed.push(format!(
                "The {part} file has other names for its classes' numbers ({}): its labels are taken by name.",
                quoted(names)
            )),
            LabelForm::Floats => self.floats(&rows.distinct()),
            LabelForm::Booleans => {
                self.assumed.push(format!(
                    "The {part}'s labels differ from the training's in case and were taken for the same."
                ));
            }
            LabelForm::News => self.assumed.push(format!(
                "The {part} file has no header line; its labels 1 to 4 are taken for {}, as in AG News.",
                quoted(&NEWS)
            )),
        }
        if let (Some(own), LabelForm::AsLearned | LabelForm::Floats) = (&own, &form)
            && own != classes.names()
        {
            self.assumed.push(format!(
                "The {part} file has names for its classes' numbers ({}), and the training's have none: its labels are taken by \
                 number.",
                quoted(own)
            ));
        }
        rows.examples(classes, &form)
    }

    fn news(&mut self, classes: &Classes) {
        self.assumed.push(
            "The first line is a row, not a header: the columns are taken for label, title and description, as in AG News.".to_owned(),
        );
        if !self.named && classes.names() == NEWS {
            self.assumed.push(format!("The labels 1 to 4 are taken for the classes of AG News: {}.", quoted(&NEWS)));
        }
    }

    fn dropped(&mut self, part: &str, rows: &LabelledRows) {
        let count = rows.missing.rows;
        self.dropped += count;
        if count > 0 {
            let (have, were) = if count == 1 { ("has", "was") } else { ("have", "were") };
            let rows = counted(count, "row");
            self.assumed.push(format!("{rows} of the {part} source {have} no label and {were} left out."));
        }
    }

    fn columns(&mut self, source: &LabelledRows) {
        self.warnings.extend(source.other_columns.iter().cloned());
        if !source.other_labels.is_empty() {
            self.assumed.push(format!(
                "The labels are those in `{}`; {} could be the label, too.",
                source.columns.label,
                quoted(&source.other_labels)
            ));
        }
    }

    fn floats(&mut self, distinct: &BTreeSet<&str>) {
        if let Some(float) = distinct.iter().find(|label| is_float_form(label)) {
            let whole = float.trim_end_matches(".0");
            self.assumed.push(format!("Labels such as `{float}` are read as whole numbers: {whole}."));
        }
    }

    fn padded(&mut self, count: usize) {
        if count > 0 {
            let labels = counted(count, "label");
            self.assumed.push(format!("White space around {labels} is no part of the class's name."));
        }
    }
}
