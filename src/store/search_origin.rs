//! `search.json`: what the tasks of a job array resolve the further generations of a search from, beside the sweep file.

use serde::{Deserialize, Serialize};

use crate::spec::FactsRecord;

use super::json::{FORMAT_VERSION, read_json, write_json};
use super::{Store, StoreError};

/// Where a search comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchOrigin {
    pub format_version: u32,
    /// The folder of the sweep file as the command named it, from where it ran: paths are looked for there first.
    pub folder: String,
    /// What `--set` changed, in the order of the command line.
    pub overrides: Vec<String>,
    /// What was found of models and data when the search began.
    pub facts: FactsRecord,
    pub packing: PackingRecord,
}

/// What packs are planned for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackingRecord {
    /// `cpu` or `cuda`.
    pub device: String,
    /// Bytes that packs may take; none where that is not known.
    pub memory: Option<u64>,
    pub max_pack: usize,
    /// Most places of packs whose runs share layers; none: as many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_sharing: Option<usize>,
}

impl SearchOrigin {
    pub fn new(folder: String, overrides: Vec<String>, facts: FactsRecord, packing: PackingRecord) -> Self {
        Self { format_version: FORMAT_VERSION, folder, overrides, facts, packing }
    }
}

impl Store {
    /// None where nobody wrote it.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn search_origin(&self) -> Result<Option<SearchOrigin>, StoreError> {
        read_json(&self.layout().search_json())
    }

    /// Writes it durably, where it is another one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn record_search_origin(&self, origin: &SearchOrigin) -> Result<(), StoreError> {
        // What is damaged is written anew.
        if self.search_origin().ok().flatten().as_ref() == Some(origin) {
            return Ok(());
        }
        write_json(&self.layout().search_json(), origin)
    }
}
