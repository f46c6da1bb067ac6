//! Sweep files from those of other tools.
//!
//! ```text
//! text -> dialect (W&B, Hydra, Optuna; recognised or named) -> Foreign (parameters as they are there)
//!      -> translate (our names, values that we take; what does not fit is said) -> Draft -> write (a sweep file with comments)
//! ```
//!
//! Nothing is guessed silently: what could not be carried over, and what had to be chosen, stands in the written file.

mod dialect;
mod draft;
mod error;
mod foreign;
mod hydra;
mod names;
mod optuna;
mod scalar;
mod translate;
mod wandb;
mod write;

pub use dialect::Dialect;
pub use error::ImportError;

/// A sweep file that was made from another tool's.
#[derive(Clone, Debug)]
pub struct Imported {
    pub dialect: Dialect,
    /// By what the kind of file was recognised; none where it was named.
    pub recognised_by: Option<&'static str>,
    /// The sweep file.
    pub text: String,
    /// Parameters that vary, and such that are fixed.
    pub varied: usize,
    pub fixed: usize,
    /// What could not be carried over, and why: a line each.
    pub left_out: Vec<String>,
    /// What was chosen here, or means something else there: a line each.
    pub remarks: Vec<String>,
}

/// Makes a sweep file of a text. `source`: what the text is called, for the file's comments; without `dialect` the kind is
/// recognised.
///
/// # Errors
/// The text is of no such kind, or nothing of it can be carried over.
pub fn import(text: &str, source: &str, dialect: Option<Dialect>) -> Result<Imported, ImportError> {
    if text.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    let (dialect, recognised_by) = match dialect {
        Some(dialect) => (dialect, None),
        None => dialect::recognise(text).map(|(dialect, by)| (dialect, Some(by))).ok_or(ImportError::Unknown)?,
    };
    let foreign = match dialect {
        Dialect::Wandb => wandb::read(text),
        Dialect::Hydra => hydra::read(text),
        Dialect::Optuna => optuna::read(text),
    }?;
    let mut draft = translate::translate(foreign)?;
    let mut text = write::sweep_file(&draft, source, dialect);
    if let Err(error) = translate::check(&text) {
        // Rungs that are beyond the last epoch, perhaps.
        if !draft.leave_out_stopping(&error) {
            return Err(ImportError::Unsound(error));
        }
        text = write::sweep_file(&draft, source, dialect);
        translate::check(&text).map_err(ImportError::Unsound)?;
    }
    Ok(Imported {
        dialect,
        recognised_by,
        text,
        varied: draft.varied.len() + usize::from(draft.seeds.len() > 1),
        fixed: draft.fixed.len() + usize::from(draft.seeds.len() == 1),
        left_out: draft.left_out,
        remarks: draft.remarks,
    })
}
