//! What a new adapter starts from.

use super::adapter_shape::AdapterShape;
use super::run_adapter::Adapter;
use crate::model::base::Base;
use crate::model::declaration::Initial;
use crate::model::error::ModelError;
use crate::model::parameters::Parameters;
use crate::model::random::{Purpose, StreamKey};

impl Adapter {
    /// A new adapter with the values that its parameters declare; its head is that of the checkpoint where it has one for
    /// these classes.
    ///
    /// # Errors
    /// A target that the model does not have, or a device without room.
    pub fn new(base: &Base, shape: AdapterShape, seed: u64) -> Result<Self, ModelError> {
        let mut declared = shape.parameters(&base.config, base.classes);
        for (name, values) in &base.head {
            if let Some(own) = declared.iter_mut().find(|own| own.name == *name) {
                own.initial = Initial::Given(values.shallow_clone());
            }
        }
        let parameters = Parameters::new(declared, StreamKey::new(seed, Purpose::Initialization), base.device)?;
        Adapter::over(parameters, shape, &base.config.graph)
    }
}
