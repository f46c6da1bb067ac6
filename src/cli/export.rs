//! `sweep export`: a trained classifier as a folder that other tools load.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::inference::{self, Lookup};

use super::CliError;
use super::context::Context;
use super::downloads;

/// Writes a trained run as a folder for other tools.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep export quickstart/best --merged model/      AutoModelForSequenceClassification.from_pretrained(\"model/\")
  sweep export 3f9a --adapter adapter/              PeftModel.from_pretrained(base, \"adapter/\")

Exit codes:
  0  the folder is complete
  2  no such run, or the folder cannot be written; then it is not there")]
pub struct Export {
    /// The folder, id or label of a run, SWEEP/best, or the folder of an adapter.
    run: String,
    /// Writes a plain Hugging Face model: the adapter merged into the weights (float32), class names, tokenizer.
    #[arg(long, value_name = "DIR", required_unless_present = "adapter")]
    merged: Option<PathBuf>,
    /// Writes the adapter alone, in PEFT's format.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// Where runs and sweeps are looked for by name.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// The base model, where it is not where the run or the adapter says: a folder or a hub name.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

impl Export {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let hub = downloads::hub()?;
        let lookup = Lookup { hub: &hub, results: &self.results, model: self.model.as_deref() };
        let source = inference::find(&self.run, &lookup)?;
        let mut done = String::new();
        if let Some(folder) = &self.merged {
            inference::export_merged(&source, folder)?;
            done.push_str(&format!("{} as a merged model in {}\n", source.name, folder.display()));
        }
        if let Some(folder) = &self.adapter {
            inference::export_adapter(&source, folder)?;
            done.push_str(&format!("{} as an adapter in {}\n", source.name, folder.display()));
        }
        print(&done)?;
        Ok(ExitCode::Success)
    }
}
