//! Tensors as a safetensors file.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, TensorView, serialize};

use super::error::ModelError;

/// A safetensors file as PyTorch writes it, of float32 tensors: shape and little-endian bytes by name.
pub fn safetensors_file(tensors: &BTreeMap<String, (Vec<i64>, Vec<u8>)>) -> Result<Vec<u8>, ModelError> {
    let mut views = BTreeMap::new();
    for (name, (shape, data)) in tensors {
        let shape = shape.iter().map(|&size| size as usize).collect();
        views.insert(name.clone(), TensorView::new(Dtype::F32, shape, data)?);
    }
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    Ok(serialize(views, Some(metadata))?)
}
