//! The trainable parameters of one run: one flat buffer, one flat gradient, named views into both.

use tch::{Device, Kind, Tensor};

use super::compute_error::ComputeError;
use super::declaration::Declaration;
use super::random::StreamKey;

/// One trainable matrix or vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// See [`Declaration::name`].
    pub name: String,
    pub shape: Vec<i64>,
    /// First element in the flat buffer.
    pub offset: i64,
}

impl Parameter {
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
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
    /// What is declared, with the values that it begins with. `key`: of all initial values of the run.
    pub fn new(declared: Vec<Declaration>, key: StreamKey, device: Device) -> Result<Self, ComputeError> {
        let (decaying, others): (Vec<_>, Vec<_>) = declared.into_iter().partition(|declaration| declaration.decays);
        let decayed = decaying.iter().map(Declaration::elements).sum();
        let declared: Vec<Declaration> = decaying.into_iter().chain(others).collect();
        let mut elements = 0;
        let entry = |Declaration { name, shape, .. }: &Declaration| {
            let entry = Parameter { name: name.clone(), shape: shape.clone(), offset: elements };
            elements += entry.elements();
            entry
        };
        let entries: Vec<Parameter> = declared.iter().map(entry).collect();
        let zeros = || Tensor::f_zeros([elements], (Kind::Float, device));
        let parameters = Parameters { values: zeros()?, gradient: zeros()?, entries, decayed };
        for (entry, declaration) in parameters.entries.iter().zip(&declared) {
            parameters.value(entry)?.f_copy_(&declaration.values(key, device)?)?;
        }
        Ok(parameters)
    }

    pub fn entries(&self) -> &[Parameter] {
        &self.entries
    }

    pub fn elements(&self) -> i64 {
        self.entries.iter().map(Parameter::elements).sum()
    }

    /// A view that shares the flat buffer.
    pub fn value(&self, entry: &Parameter) -> Result<Tensor, ComputeError> {
        Ok(self.values.f_narrow(0, entry.offset, entry.elements())?.f_view(entry.shape.as_slice())?)
    }

    /// A view that shares the flat gradient.
    pub fn gradient_of(&self, entry: &Parameter) -> Result<Tensor, ComputeError> {
        Ok(self.gradient.f_narrow(0, entry.offset, entry.elements())?.f_view(entry.shape.as_slice())?)
    }

    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Value and gradient views of a parameter.
    pub fn trainable(&self, entry: &Parameter) -> Result<Trainable, ComputeError> {
        Ok(Trainable { value: self.value(entry)?, gradient: self.gradient_of(entry)? })
    }
}

/// Views of one parameter.
#[derive(Debug)]
pub struct Trainable {
    pub value: Tensor,
    pub gradient: Tensor,
}

#[cfg(test)]
mod tests {
    use super::super::declaration::Initial;
    use super::super::random::Purpose;
    use super::*;

    /// What a name looks like says nothing: neither how a parameter begins nor whether it decays.
    #[test]
    fn only_declarations_decide() {
        let declared =
            |name: &str, initial, decays| Declaration { name: name.to_string(), shape: vec![2, 3], initial, decays };
        let given = || Initial::Given(Tensor::full([2, 3], 7.0, (Kind::Float, Device::Cpu)));
        let all = vec![
            declared("x.lora_A.weight", Initial::Zeros, false),
            declared("LayerNorm.bias", Initial::Normal { std: 1.0 }, true),
            declared("classifier.weight", given(), false),
            declared("x.lora_B.weight", Initial::Uniform { bound: 1.0 }, true),
        ];
        let parameters = Parameters::new(all, StreamKey::new(1, Purpose::Initialization), Device::Cpu).unwrap();
        let names: Vec<&str> = parameters.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["LayerNorm.bias", "x.lora_B.weight", "x.lora_A.weight", "classifier.weight"]);
        assert_eq!((parameters.decayed, parameters.elements()), (12, 24));
        let values = |name: &str| {
            let value = parameters.value(parameters.find(name).unwrap()).unwrap();
            Vec::<f32>::try_from(value.reshape([-1])).unwrap()
        };
        assert_eq!(values("x.lora_A.weight"), [0.0; 6]);
        assert_eq!(values("classifier.weight"), [7.0; 6]);
        assert!(values("LayerNorm.bias").iter().all(|value| *value != 0.0));
        assert!(values("x.lora_B.weight").iter().all(|value| *value != 0.0 && value.abs() < 1.0));
    }
}
