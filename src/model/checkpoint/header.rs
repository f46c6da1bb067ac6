//! What a safetensors file announces: names, types and shapes, read without its values.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use tch::{Kind, Tensor};

use crate::model::error::ModelError;

/// Headers of safetensors files are at most this long, as the format's own library has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// A tensor as a safetensors file announces it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Stored {
    pub dtype: String,
    pub shape: Vec<i64>,
    /// First and last byte of the values, the last excluded, from the end of the head.
    data_offsets: (u64, u64),
}

impl Stored {
    /// Of a tensor that was read.
    pub fn of(tensor: &Tensor) -> Self {
        let dtype = match tensor.kind() {
            Kind::Double | Kind::Float | Kind::Half | Kind::BFloat16 => "F32".to_string(),
            other => format!("{other:?}"),
        };
        Stored { dtype, shape: tensor.size(), data_offsets: (0, 0) }
    }

    /// Whether libtorch's reader knows the type.
    pub fn is_readable(&self) -> bool {
        self.is_float() || matches!(self.dtype.as_str(), "BOOL" | "U8" | "I8" | "I16" | "I32" | "I64")
    }

    /// Whether values have one of the types that are computed with.
    pub fn is_float(&self) -> bool {
        matches!(self.dtype.as_str(), "F64" | "F32" | "F16" | "BF16")
    }
}

/// What a safetensors file says it holds.
pub fn header(path: &Path) -> Result<BTreeMap<String, Stored>, ModelError> {
    let unsound = |reason: String| ModelError::Invalid {
        path: path.to_path_buf(),
        message: format!("is not a sound safetensors file ({reason}); download or save it again"),
    };
    let mut file = File::open(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|error| unsound(error.to_string()))?;
    let length = u64::from_le_bytes(length);
    let size = file.metadata().map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?.len();
    if length > LONGEST_HEADER.min(size.saturating_sub(8)) {
        return Err(unsound(format!("a header of {length} bytes in a file of {size}")));
    }
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).map_err(|error| unsound(error.to_string()))?;
    fields.remove("__metadata__");
    let stored = |(name, value)| Ok((name, serde_json::from_value(value)?));
    let stored: Result<BTreeMap<String, Stored>, serde_json::Error> = fields.into_iter().map(stored).collect();
    let stored = stored.map_err(|error| unsound(error.to_string()))?;
    let end = stored.values().map(|stored| stored.data_offsets.1).max().unwrap_or(0);
    let expected = end.saturating_add(8 + length);
    if size < expected {
        return Err(unsound(format!("it has {size} bytes of {expected}")));
    }
    Ok(stored)
}
