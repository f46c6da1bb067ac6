//! `sweep` trains many LoRA fine-tunings of one text classifier at once and says which differences are real.
//!
//! # Modules
//!
//! ```text
//! sweeps/*.yaml -> spec (validated, resolved runs, stable ids) -> search (the runs of the first generation, of the next)
//!    -> store (results/<sweep>/ laid out, plan written) -> execute (which run on which device, in which pack) -> train (a pack of runs on data + model)
//!    -> events -> sinks: terminal progress, log
//! results/ -> report (reads files only) -> reports/; dashboard (reads files only) -> a page
//! ```
//!
//! * [`spec`]: sweep file -> validated -> resolved runs; expansion; run ids; hypotheses; the planned pack.
//! * [`search`]: which runs a sweep consists of, generation after generation; fixed designs.
//! * [`task`]: what runs are trained to tell: targets, loss, metrics, columns of predictions; single-label classification.
//! * [`metrics`]: classification metrics and statistics on plain numbers.
//! * [`event`]: what happens during a sweep, and who listens.
//! * [`hub`]: the name of a model or data set -> files on this machine.
//! * [`data`]: dataset files, labels, splits, tokenizing, flat batches.
//! * [`model`]: the frozen encoder, adapters, the classification head, loading; forward and backward passes.
//! * [`train`]: packs of runs: optimizer, schedule, evaluation, checkpoint state.
//! * [`store`]: the layout of a results folder, durable writes, claims, CSV.
//! * [`execute`]: the executor trait (torch or mock), planning of packs, the worker loop, stopping.
//! * [`import`]: sweep files from those of other tools (W&B, Hydra, Optuna).
//! * [`inference`]: trained classifiers put to use: found by name, merged, predicted with, exported.
//! * [`exit_code`]: what the program and its workers leave with.
//! * [`libtorch`]: libtorch and other libraries, opened while the program runs.
//! * [`launch`]: a sweep handed to other machines (Slurm, hosts by ssh, Kubernetes).
//! * [`hub_name`]: names of repositories on the hub, and their revisions.
//! * [`model_files`]: how the files of a model folder are called.
//! * [`own_cache`]: the folder for what takes time to make and can be made again.
//! * [`replace_file`]: files replaced whole.
//! * [`tracking`]: what other tools are told of a sweep: TensorBoard's event files, an MLflow server.
//! * [`report`]: results folder -> charts, tables, page.
//! * [`dashboard`]: results folder -> a page that follows what happens there.
//! * [`cli`]: one thin file per verb.
//! * [`base64`]: bytes as text.
//! * [`split_mix`]: random bits as a pure function of a state.
//! * [`this_program`]: the program that is running, also after its file was replaced.
//! * [`words`]: how numbers with their nouns, and paths in commands, are written.
//!
//! # Rules of direction
//!
//! `words`, `base64`, `exit_code`, `hub_name`, `model_files`, `own_cache`, `replace_file`, `split_mix` and `this_program` know nobody and are for everybody. `metrics` and `hub` know nobody else; `spec` knows of `metrics`
//! what a metric is and what may be expected of it; `event` knows only the types of both. `data`, `import`, `model` and `search` know `spec` at most, `task` data and metrics. `train` knows data, model,
//! metrics, task, event and saves through [`train::Recorder`], which `store` implements. `execute` knows train, store and search,
//! `launch` store, `inference` hub, data, model, train's evaluation, store, and of `report` which run of a sweep is the best. `tracking` and `report` read `store`'s files and never
//! live state, nor does `dashboard`, which has the parts of its page from `report`; `report` writes event files as `tracking` does. `libtorch` knows how the program leaves. `cli` sees all. Only `model`, `task`, `train`, `data`'s batches, the torch executor and the predictor import
//! `tch`. `tests/architecture.rs` keeps these rules.

// Outside tests `expect` says why it cannot fail.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

pub mod base64;
pub mod cli;
pub mod dashboard;
pub mod data;
pub mod event;
pub mod execute;
pub mod exit_code;
pub mod hub;
pub mod hub_name;
pub mod import;
pub mod inference;
pub mod launch;
pub mod libtorch;
pub mod metrics;
pub mod model;
pub mod model_files;
pub mod own_cache;
pub mod replace_file;
pub mod report;
pub mod search;
pub mod spec;
pub mod split_mix;
pub mod store;
pub mod task;
pub mod this_program;
pub mod tracking;
pub mod train;
pub mod words;

#[cfg(test)]
#[path = "../tests/needs/mod.rs"]
mod needs;
#[cfg(test)]
#[path = "../tests/needs/tests.rs"]
mod needs_tests;
