//! The hub with its downloads shown, and which files of a data set are downloaded.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{BinaryBytes, ProgressBar, ProgressStyle};

use crate::data;
use crate::hub::{Hub, HubError, NotUsable, Wanted, Watch};
use crate::spec::DatasetSpec;

use super::progress::can_draw;
use super::streams::tell;

/// The hub as the environment says. It downloads what is missing, unless `HF_HUB_OFFLINE` is set.
///
/// # Errors
/// A variable of the environment that cannot be used.
pub fn hub() -> Result<Hub, HubError> {
    let watch: Arc<dyn Watch> = if can_draw() { Arc::new(Bar::default()) } else { Arc::new(Lines) };
    Hub::from_environment().downloading(watch)
}

/// The files of a data set that its training, evaluation and test rows are in.
pub struct DatasetFiles<'a>(pub &'a DatasetSpec);

impl Wanted for DatasetFiles<'_> {
    fn choose(&self, names: &[String], card: Option<&str>) -> Result<Vec<String>, NotUsable> {
        data::needed_files(self.0, names, card).map_err(|error| NotUsable(error.to_string()))
    }

    fn complete(&self, folder: &Path) -> bool {
        data::has_files(self.0, folder)
    }

    fn reads_card(&self) -> bool {
        true
    }
}

/// A bar per file, on a terminal.
#[derive(Default)]
struct Bar(Mutex<Option<ProgressBar>>);

impl Bar {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // Poisoned by a panic elsewhere: then nobody watches any more.
        if let Ok(mut bar) = self.0.lock() {
            act(&mut bar);
        }
    }
}

impl Watch for Bar {
    fn begin(&self, repository: &str, file: &str, bytes: u64) {
        let template =
            "{msg}  {bar:30.cyan/blue.dim}  {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
        self.with(|bar| {
            let new = || {
                let new = ProgressBar::new(bytes);
                if let Ok(style) = ProgressStyle::with_template(template) {
                    new.set_style(style);
                }
                new
            };
            let bar = bar.get_or_insert_with(new);
            bar.set_length(bytes);
            bar.set_position(0);
            bar.set_message(format!("{repository}: {file}"));
        });
    }

    fn advance(&self, bytes: u64) {
        self.with(|bar| {
            if let Some(bar) = bar {
                bar.inc(bytes);
            }
        });
    }

    fn end(&self) {
        self.with(|bar| {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn waiting(&self, repository: &str) {
        tell(waits(repository));
    }

    fn sending(&self, repository: &str, file: &str, bytes: u64) {
        tell(format_args!("sending {repository}: {file} ({})", BinaryBytes(bytes)));
    }

    fn retrying(&self, repository: &str, reason: &str, wait: Duration) {
        // The bar begins anew below the line.
        self.end();
        tell(tries_again(repository, reason, wait));
    }
}

/// A line per file, elsewhere.
struct Lines;

impl Watch for Lines {
    fn begin(&self, repository: &str, file: &str, bytes: u64) {
        tell(format_args!("downloading {repository}: {file} ({})", BinaryBytes(bytes)));
    }

    fn advance(&self, _: u64) {}

    fn sending(&self, repository: &str, file: &str, bytes: u64) {
        tell(format_args!("sending {repository}: {file} ({})", BinaryBytes(bytes)));
    }

    fn end(&self) {}

    fn waiting(&self, repository: &str) {
        tell(waits(repository));
    }

    fn retrying(&self, repository: &str, reason: &str, wait: Duration) {
        tell(tries_again(repository, reason, wait));
    }
}

fn tries_again(repository: &str, reason: &str, wait: Duration) -> String {
    format!("{repository}: {reason}; trying again in {} s", wait.as_secs_f64())
}

fn waits(repository: &str) -> String {
    format!("waiting: another process downloads {repository}")
}
