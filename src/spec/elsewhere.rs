//! What other programs' names mean here.

use super::parameter::Parameter;

/// Our name of a parameter that is called so here, or elsewhere (`lr`, `lora_r`, `num_train_epochs`). Nothing is guessed: none for
/// a name that is only similar.
pub fn parameter_called(name: &str) -> Option<&'static str> {
    Parameter::called(name).map(Parameter::name)
}

/// Whether a parameter, by our name, takes whole numbers only.
pub fn is_whole_number(name: &str) -> bool {
    matches!(Parameter::named(name), Some(Parameter::Count(_)))
}
