//! What people ask for while a sweep is worked on: stop a run, extend it, do a failed one again, add seeds.
//!
//! A request is a file in `requests/` of the sweep's folder, so whoever can write there can ask, from any host that shares the
//! folder. Names begin with the time of asking, which is the order in which requests are applied; those of one run never
//! overtake each other. Whoever applies one writes it with its answer to `requests/answered/` and then removes the
//! request; a worker that is killed in between leaves both, and the next one sees the answer. What is applied is safe to
//! apply again, so that a kill before the answer is written does no harm.
//!
//! | request    | who applies it                                                                                       |
//! |------------|------------------------------------------------------------------------------------------------------|
//! | stop       | the worker that trains the run, at its next step; of a run that nobody trains, whoever looks first |
//! | extend     | whoever looks first, by appending packs to the plan                                                |
//! | retry      | whoever looks first, once nobody works on the run's packs                                          |
//! | add seeds  | `sweep run`, which has the sweep file                                                              |
//!
//! Workers, and supervisors, look about once a second, which is one reading of a folder that mostly is not there.

mod check;
mod folder;
mod record;
mod withdraw;

pub use check::{Refusal, stopped_so};
pub use folder::PendingRequest;
pub use record::{Answer, AnswerRecord, Request, RequestId, RequestRecord, RequestView};
