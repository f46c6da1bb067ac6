//! What is sent to the hub and read from it, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize)]
pub(super) struct NewRepository<'a> {
    pub name: &'a str,
    pub organization: &'a str,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub private: bool,
}

#[derive(Serialize)]
pub(super) struct Preupload<'a> {
    pub files: Vec<PreuploadFile<'a>>,
}

#[derive(Serialize)]
pub(super) struct PreuploadFile<'a> {
    pub path: &'a str,
    /// The first bytes, in Base64.
    pub sample: String,
    pub size: u64,
}

#[derive(Deserialize)]
pub(super) struct PreuploadAnswer {
    pub files: Vec<KeptFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptFile {
    pub path: String,
    pub upload_mode: String,
    #[serde(default)]
    pub should_ignore: bool,
}

#[derive(Serialize)]
pub(super) struct Batch<'a> {
    pub operation: &'a str,
    pub transfers: [&'a str; 2],
    pub objects: Vec<Object<'a>>,
    pub hash_algo: &'a str,
    #[serde(rename = "ref")]
    pub reference: Reference<'a>,
}

#[derive(Serialize)]
pub(super) struct Object<'a> {
    pub oid: &'a str,
    pub size: u64,
}

#[derive(Serialize)]
pub(super) struct Reference<'a> {
    pub name: &'a str,
}

#[derive(Deserialize)]
pub(super) struct BatchAnswer {
    #[serde(default)]
    pub objects: Vec<ObjectAnswer>,
}

#[derive(Deserialize)]
pub(super) struct ObjectAnswer {
    pub oid: String,
    /// None: the hub has the contents.
    pub actions: Option<Actions>,
    pub error: Option<ObjectError>,
}

#[derive(Deserialize)]
pub(super) struct ObjectError {
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize)]
pub(super) struct Actions {
    pub upload: Option<Action>,
    pub verify: Option<Action>,
}

#[derive(Deserialize)]
pub(super) struct Action {
    pub href: String,
    /// Of an upload in parts: `chunk_size`, and an address by the number of each part.
    #[serde(default)]
    pub header: BTreeMap<String, Value>,
}

#[derive(Serialize)]
pub(super) struct Parts<'a> {
    pub oid: &'a str,
    pub parts: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    pub part_number: usize,
    pub etag: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Committed {
    pub commit_oid: String,
}
