//! What `--rehearse` runs on: the model that comes with `make setup`, and the corpus inside this program.

use std::path::PathBuf;

use crate::hub::{Hub, MINILM};
use crate::spec::{DatasetSpec, Evaluation, HeldOut, Rehearsal};

use super::CliError;

/// Short news items in four classes, written for this project.
pub const CORPUS: &str = include_str!("../../sweeps/data/newswire.csv");

/// Rows of the corpus that a rehearsal uses, and how many of them it evaluates on.
const ROWS: usize = 400;
const EVALUATED: usize = 100;
/// Of tokens; the corpus has no longer texts.
const LONGEST: usize = 96;
/// Suits LoRA on the small model.
const LEARNING_RATE: f64 = 1e-3;

/// The rehearsal's model and data.
///
/// # Errors
/// The corpus cannot be written where the data loader can read it.
pub fn rehearsal(hub: &Hub) -> Result<Rehearsal, CliError> {
    let corpus = corpus_file(hub)?;
    Ok(Rehearsal {
        model: MINILM.to_string(),
        dataset: DatasetSpec {
            limit: Some(ROWS),
            evaluation: Evaluation::HeldOut { size: HeldOut::Examples(EVALUATED), seed: 42 },
            ..DatasetSpec::at(corpus.display().to_string())
        },
        max_length: LONGEST,
        learning_rate: Some(LEARNING_RATE),
    })
}

/// The corpus as a file, in our cache folder. Its name has its digest, so that versions of this program do not fight.
fn corpus_file(hub: &Hub) -> Result<PathBuf, CliError> {
    let folder = hub.memory.clone().unwrap_or_else(std::env::temp_dir);
    let digest = blake3::hash(CORPUS.as_bytes()).to_hex();
    let path = folder.join(format!("newswire-{}.csv", &digest[..12]));
    let complete = std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() == CORPUS.len() as u64);
    if !complete {
        std::fs::create_dir_all(&folder).map_err(|source| CliError::Write { path: folder.clone(), source })?;
        crate::store::write_atomically(&path, CORPUS.as_bytes())?;
    }
    Ok(path)
}
