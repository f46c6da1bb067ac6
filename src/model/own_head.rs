//! The classification head that a model or an adapter comes with: the names of its classes, and whether a run's head can
//! start from it.

use std::path::Path;

use serde_json::Value;
use tch::{Device, Tensor};

use super::base::Base;
use super::compute_error::ComputeError;
use super::config::ModelConfig;
use super::peft::SavedAdapter;

/// What the head of a run starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStart {
    /// New values: there is no head for this number of classes.
    New,
    /// The own head of the model or the adapter, in its order.
    Own,
    /// That head, its rows in the order of the run's classes.
    Reordered,
    /// New values: that head is for other classes.
    OtherClasses,
}

/// `id2label` of a model's configuration, where it names all of `classes` classes with more than what transformers fills in
/// where nobody gave names (`LABEL_0`).
pub fn configured_names(folder: &Path, classes: usize) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    let labels = config.get("id2label")?.as_object()?;
    let name = |class: usize| labels.get(&class.to_string())?.as_str().map(str::to_owned);
    let names: Vec<String> = (0..classes).map(name).collect::<Option<_>>()?;
    let filled_in = names.iter().enumerate().all(|(class, name)| *name == format!("LABEL_{class}"));
    (labels.len() == classes && !filled_in).then_some(names)
}

impl Base {
    /// Makes the model's own head one for these classes: its rows in their order where `own`, its names, are the same ones;
    /// otherwise it is no start for them. A head without names fits classes that are known by their numbers.
    ///
    /// # Errors
    /// A device without room.
    pub fn align_head(
        &mut self,
        own: Option<&[String]>,
        class_names: &[String],
        by_number: bool,
    ) -> Result<HeadStart, ComputeError> {
        if self.head.is_empty() {
            return Ok(HeadStart::New);
        }
        let order: Option<Vec<i64>> = match own {
            Some(own) => order(own, class_names),
            None => by_number.then(|| (0..self.classes as i64).collect()),
        };
        let Some(order) = order else {
            self.head.clear();
            return Ok(HeadStart::OtherClasses);
        };
        if order.is_sorted() {
            return Ok(HeadStart::Own);
        }
        let last = self.config.graph.head.output.name;
        for (name, tensor) in &mut self.head {
            if is_of(name, last) {
                *tensor = reordered(tensor, &order, self.device)?;
            }
        }
        Ok(HeadStart::Reordered)
    }
}

impl SavedAdapter {
    /// As [`Base::align_head`], for the adapter's own head. One whose classes have no names fits as many classes. One that is
    /// for other classes is taken out: the model's own head is then what remains, or a new one.
    ///
    /// # Errors
    /// Memory for the head.
    pub fn align_head(
        &mut self,
        model: &ModelConfig,
        own: Option<&[String]>,
        class_names: &[String],
    ) -> Result<HeadStart, ComputeError> {
        let Some(classes) = self.classes(model) else {
            return Ok(HeadStart::New);
        };
        let order = match own {
            Some(own) => order(own, class_names),
            None => (0..class_names.len() as i64).collect::<Vec<_>>().into(),
        };
        let Some(order) = order.filter(|order| order.len() == classes) else {
            self.head.clear();
            return Ok(HeadStart::OtherClasses);
        };
        if order.is_sorted() {
            return Ok(HeadStart::Own);
        }
        for (name, tensor) in &mut self.head {
            if is_of(name, model.graph.head.output.name) {
                *tensor = reordered(tensor, &order, Device::Cpu)?;
            }
        }
        Ok(HeadStart::Reordered)
    }
}

fn is_of(parameter: &str, module: &str) -> bool {
    parameter.rsplit_once('.').is_some_and(|(of, _)| of == module)
}

fn reordered(tensor: &Tensor, order: &[i64], device: Device) -> Result<Tensor, ComputeError> {
    Ok(tensor.f_index_select(0, &Tensor::f_from_slice(order)?.f_to_device(device)?)?)
}

/// The row of each class, where both have the same names, each once.
fn order(own: &[String], class_names: &[String]) -> Option<Vec<i64>> {
    let row = |name: &String| own.iter().position(|known| known == name).map(|row| row as i64);
    let order: Vec<i64> = class_names.iter().map(row).collect::<Option<_>>()?;
    let mut rows = order.clone();
    rows.sort_unstable();
    rows.into_iter().eq(0..own.len() as i64).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P4.
    #[test]
    fn rows_follow_names_where_both_have_the_same() {
        let order = |own: &str, names: &str| {
            let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
            order(&list(own), &list(names))
        };
        assert_eq!(order("yes no", "no yes"), Some(vec![1, 0]));
        assert_eq!(order("a b c", "c a b"), Some(vec![2, 0, 1]));
        assert_eq!(order("a b", "a b"), Some(vec![0, 1]));
        for (own, names) in [("a b", "a c"), ("a b", "A b"), ("a a", "a b"), ("a b c", "a b"), ("a b", "a b c")] {
            assert_eq!(order(own, names), None, "{own} / {names}");
        }
    }
}
