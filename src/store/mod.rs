//! The results folder of a sweep: what stands in it, who may write it, and how it stays whole.
//!
//! # Layout
//!
//! ```text
//! results/<sweep>/               a rehearsal: results/<sweep>-rehearsal/
//!   sweep.yaml                   the sweep file as run, byte for byte
//!   sweep.json                   the plan, written before anything runs: runs, packs, hypotheses, command line; where a search
//!                                goes on, its generations with the results that each was chosen by
//!   runs.csv                     the index: a line per run
//!   log.txt                      what was found in the data at every start
//!   metrics.csv                  the epochs of all runs: run,label,configuration,seed, and then as in a run's own
//!   runs/<id>/
//!     run.json                   the resolved run, what was found about model and data, versions; before step 0
//!     metrics.csv                a line per epoch
//!     predictions.csv            a line per evaluation example at the best epoch
//!     last_predictions.csv       the same at the last epoch, where that is another
//!     test_predictions.csv       a line per test example at the best epoch, where there is a test; last_test_predictions.csv likewise
//!     adapter/                   adapter_config.json, adapter_model.safetensors: PEFT's format
//!     checkpoint.bin             of a run that stopped before its last epoch: what it goes on from
//!     log.txt                    time-stamped lines; further lines of an entry are indented
//!     result.json                how the run ended, with its best epoch; written last: the run is done
//!   packs/<id>/
//!     claim.json                 who works on the pack, as long as somebody does
//!     checkpoint-0.bin, -1.bin   the last two checkpoints, until all runs are done
//!     progress.json              how far the runs are, for who watches
//!     memory.json                what it took of the device's memory
//!     faults/<token>.json        one file per fault that ended an attempt; overcome, an empty file: all runs had ended since
//!     replan.json                into which packs this one was taken apart
//!     log.txt
//!   requests/                    what people ask for while the sweep is worked on, a file each; what came of them in answered/
//!   slurm/                       where the sweep was handed to Slurm: <job>.json, the script, a log per task;
//!                                likewise ssh/ and kubernetes/
//! ```
//!
//! `*.lock` files are empty and stay; names that begin with a dot and end in `.tmp` are being written, or were when
//! their writer was killed, and are cleaned up by whoever owns the folder next.
//!
//! # Durable or absent
//!
//! Every file but the logs is replaced whole ([`write_atomically`]): after a crash it has its old contents or its new
//! ones. Tables are written from known records and never appended to. Floating-point numbers have the shortest form that
//! reads back as the same number, lines end in LF; so a sweep done twice gives the same bytes but for times. A log is
//! appended to, one write per entry; a torn last line is closed by the next entry.
//!
//! Records carry a format version and checkpoints a checksum. What is damaged is told as such and harms no other run: a
//! damaged result means that the run is done again, a damaged checkpoint that the one before is used, a damaged plan that
//! the folder cannot be used until the plan is moved away (and made again: ids and packs follow from the sweep file). A
//! completed run whose other files are missing or do not agree with its result ([`Store::examine`]) stays completed, since
//! its figures stand; it is told, and done again where that is asked for ([`Store::retry_failed`]).
//!
//! # The state of a run follows from its files
//!
//! | state       | files                                                                     |
//! |-------------|---------------------------------------------------------------------------|
//! | pending     | no `run.json`                                                             |
//! | running     | `run.json`, and a live claim on its pack                                  |
//! | interrupted | `run.json` and no live claim: it goes on from the pack's checkpoint       |
//! | completed, diverged, failed | `result.json` says so                                     |
//! | stopped     | `result.json` says so, and no pack of the plan takes the run further      |
//! | waiting     | `result.json` says that it stopped, and a pack takes it further           |
//!
//! # One owner
//!
//! A pack is claimed before it is worked on, the plan and the index while they are changed. The owner's heartbeat keeps
//! the claim fresh; a dead owner's claim is taken over by exactly one other ([`Claim`]). The owner looks before every
//! durable write whether the claim is still its own, and stops where it is not.
//!
//! How far this holds:
//!
//! * On a local file system: without a gap as long as workers share boot and process namespace, because whether an owner
//!   lives is looked up. Containers on one machine are treated like several machines, and so are processes that `/proc` hides.
//! * On a network file system (NFS 3 or 4): claims are made by `link`, which is atomic there, and judged by the server's
//!   clock, so clocks need not agree. Another machine's claim counts as dead when its heartbeat is older than
//!   [`ClaimOptions::expiry`] (90 seconds); a machine that sleeps or is cut off for longer loses its claim. When it comes
//!   back between its look at the claim and the write after it (milliseconds), it may write once more: the same bytes,
//!   times apart, because results do not depend on who computes them. Attribute caches may delay what others see by
//!   their length (`acregmax`, 60 seconds by default); the expiry should stay above it.
//! * Taking over a dead claim is serialized with `flock`, which NFS passes to its server. On file systems that have
//!   neither that nor hard links, two workers that take over the same dead claim in the same instant may both begin;
//!   the one whose claim file was replaced notices before its first write.

mod anew;
mod asked_stops;
mod checkpoint;
mod claim;
mod cleaning;
mod deciding;
mod durable;
mod epochs;
mod error;
mod executor_kind;
mod extending;
mod find;
mod generations;
mod growing;
mod heartbeat;
mod index;
mod json;
mod launches;
mod layout;
mod log;
mod log_sink;
mod memory;
mod open;
mod owner;
mod pack_store;
mod packs;
mod plan;
mod predictions;
mod progress;
mod recorder;
mod records;
mod requests;
mod search_origin;
mod slots;
mod soundness;
mod stamp;
mod sweep_store;
mod time_left;
mod view;
mod watched;

pub use claim::{Attempt, Claim, ClaimOptions, ClaimRecord, Found};
pub use cleaning::{Clear, Clearable, Cleared};
pub use deciding::Deciding;
pub use durable::{remove_leftovers, write_atomically, write_atomically_with};
pub use error::StoreError;
pub use executor_kind::ExecutorKind;
pub use find::find_runs;
pub use generations::{DecidingResult, GenerationRecord};
pub use growing::Growth;
pub use json::FORMAT_VERSION;
pub use launches::{LaunchRecord, Launched, Launches};
pub use layout::{Layout, PackFolder, RunFolder};
pub use log_sink::LogSink;
pub use memory::MemoryRecord;
pub use open::{Opened, PlanInput, PlannedSearch, Planner};
pub use owner::{Liveness, Owner};
pub use pack_store::{Retried, SubPack};
pub use packs::{CurrentPack, CurrentPacks, FaultRecord, ReplanReason};
pub use plan::{RunEntry, SweepRecord, parameters};
pub use predictions::Predictions;
pub use progress::{PackProgress, RunProgress};
pub use recorder::PackRecorder;
pub use records::{FileDigest, Machine, ResultRecord, RunRecord, TestRecord, Versions};
pub use requests::{
    Answer, AnswerRecord, PendingRequest, Refusal, Request, RequestId, RequestRecord, RequestView, stopped_so,
};
pub use search_origin::{PackingRecord, SearchOrigin};
pub use slots::{CheckpointSlots, Loaded};
pub use sweep_store::{Store, sweep_folders};
pub use time_left::seconds_left;
pub use view::{RunState, RunView};
pub use watched::{Look, Watched};
