//! What the heads of runs start from, said once for all of them.

use std::path::Path;

use super::adapter_classes::adapter_class_names;
use crate::data::Coding;
use crate::event::{Event, Sink};
use crate::execute::ExecuteError;
use crate::model::{Base, HeadStart, SavedAdapter, configured_names};
use crate::train::TrainingData;

/// The head of the adapter to begin with, or else the model's own, becomes one for the data's classes, or is no start for
/// them; it is said which.
pub(super) fn align(
    base: &mut Base,
    initial: Option<&mut SavedAdapter>,
    model: &Path,
    data: &TrainingData,
    sink: &mut dyn Sink,
) -> Result<(), ExecuteError> {
    let mut tell = |message: String| sink.emit(&Event::Notice { run: None, message });
    // An adapter without a head of its own was trained with the model's.
    let coding = data.overview.as_ref().map(|overview| overview.coding);
    let mut by_number = coding == Some(Coding::Numbers { first: 0 });
    if let Some(adapter) = initial {
        match align_adapter(adapter, base, model, data.targets.names())? {
            Adapters::NoHead => by_number = true,
            Adapters::Starts(said) => {
                tell(said);
                return Ok(());
            }
            Adapters::IsForOthers(said) => tell(said),
        }
    }
    let own = configured_names(model, base.classes);
    let said = match base.align_head(own.as_deref(), data.targets.names(), by_number).map_err(ExecuteError::inputs)? {
        HeadStart::New => return Ok(()),
        HeadStart::Own => "the head starts from the model's own, whose classes are the same",
        HeadStart::Reordered => {
            "the head starts from the model's own, its rows in the order of the data's classes, which have the same names"
        }
        HeadStart::OtherClasses => "the head is new: the model's own is for classes of other names, or of none",
    };
    tell(said.to_owned());
    Ok(())
}

/// What the adapter to begin with is to the heads of the runs, with the words for it.
enum Adapters {
    NoHead,
    Starts(String),
    IsForOthers(String),
}

fn align_adapter(
    adapter: &mut SavedAdapter,
    base: &Base,
    model: &Path,
    class_names: &[String],
) -> Result<Adapters, ExecuteError> {
    let Some(classes) = adapter.classes(&base.config) else {
        return Ok(Adapters::NoHead);
    };
    let names = names(adapter, model, classes)?;
    let start = adapter.align_head(&base.config, names.as_deref(), class_names).map_err(ExecuteError::inputs)?;
    let of_names = names.map_or_else(|| "of unknown names".to_owned(), |names| listed(&names));
    Ok(match start {
        HeadStart::Own if of_names == listed(class_names) => {
            Adapters::Starts("the head starts from the adapter's, whose classes are the same".to_owned())
        }
        HeadStart::Own => Adapters::Starts(format!(
            "the head starts from the adapter's; nothing says what its classes are called, so they are taken for those of \
             the data in their order: {}",
            listed(class_names)
        )),
        HeadStart::Reordered => Adapters::Starts(format!(
            "the head starts from the adapter's, its rows in the order of the data's classes, {}, which have the same names",
            listed(class_names)
        )),
        HeadStart::New | HeadStart::OtherClasses => Adapters::IsForOthers(format!(
            "the adapter's head is not used: it is for {classes} classes ({of_names}), and the data's {} are {}",
            class_names.len(),
            listed(class_names)
        )),
    })
}

/// Of the adapter's classes: those that are said beside it, or the model's.
fn names(adapter: &SavedAdapter, model: &Path, classes: usize) -> Result<Option<Vec<String>>, ExecuteError> {
    let own = adapter.folder().map(|folder| adapter_class_names(folder, classes));
    let own = own.transpose().map_err(ExecuteError::inputs)?.flatten();
    Ok(own.or_else(|| configured_names(model, classes)))
}

/// The first of many.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}
