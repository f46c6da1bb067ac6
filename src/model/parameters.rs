//! The trainable parameters of one run: one flat buffer, one flat gradient, named views into both.

use tch::{Device, Kind, TchError, Tensor};

/// One trainable matrix or vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Hugging Face name (`roberta.encoder.layer.0.attention.self.query.lora_A.weight`, `classifier.dense.bias`).
    pub name: String,
    pub shape: Vec<i64>,
    /// First element in the flat buffer.
    pub offset: i64,
}

impl Parameter {
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Weight decay applies to everything but biases and LayerNorm weights (`Trainer.get_decay_parameter_names`).
    pub fn decays(&self) -> bool {
        !self.name.ends_with("bias") && !self.name.contains("LayerNorm") && !self.name.contains("layer_norm")
    }
}

/// Parameters and their gradients. Those that decay lie before those that do not.
#[derive(Debug)]
pub struct Parameters {
    /// `[elements]` float32
    pub values: Tensor,
    /// `[elements]` float32, accumulated by backward passes.
    pub gradient: Tensor,
    entries: Vec<Parameter>,
    /// Elements at the front that decay.
    pub decayed: i64,
}

impl Parameters {
    /// Zeros for the named shapes.
    pub fn new(shapes: Vec<(String, Vec<i64>)>, device: Device) -> Result<Self, TchError> {
        let all = shapes.into_iter().map(|(name, shape)| Parameter { name, shape, offset: 0 });
        let (mut entries, rest): (Vec<_>, Vec<_>) = all.partition(Parameter::decays);
        let decayed = entries.iter().map(Parameter::elements).sum();
        entries.extend(rest);
        let mut offset = 0;
        for entry in &mut entries {
            entry.offset = offset;
            offset += entry.elements();
        }
        Ok(Parameters {
            values: Tensor::f_zeros([offset], (Kind::Float, device))?,
            gradient: Tensor::f_zeros([offset], (Kind::Float, device))?,
            entries,
            decayed,
        })
    }

    pub fn entries(&self) -> &[Parameter] {
        &self.entries
    }

    pub fn elements(&self) -> i64 {
        self.entries.iter().map(Parameter::elements).sum()
    }

    /// A view that shares the flat buffer.
    pub fn value(&self, entry: &Parameter) -> Result<Tensor, TchError> {
        self.values.f_narrow(0, entry.offset, entry.elements())?.f_view(entry.shape.as_slice())
    }

    /// A view that shares the flat gradient.
    pub fn gradient_of(&self, entry: &Parameter) -> Result<Tensor, TchError> {
        self.gradient.f_narrow(0, entry.offset, entry.elements())?.f_view(entry.shape.as_slice())
    }

    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Value and gradient views of a named parameter.
    pub fn pair(&self, name: &str) -> Result<Trainable, TchError> {
        let entry = self.find(name).ok_or_else(|| TchError::Torch(format!("no trainable parameter `{name}`")))?;
        Ok(Trainable { value: self.value(entry)?, gradient: self.gradient_of(entry)? })
    }
}

/// Views of one parameter.
#[derive(Debug)]
pub struct Trainable {
    pub value: Tensor,
    pub gradient: Tensor,
}
