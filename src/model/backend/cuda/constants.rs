//! Sizes that launches and kernels share: defined in Rust beside the launch, written into the source of the kernels.

/// The name of a constant in the kernels, and its value.
pub type Constant = (&'static str, usize);

/// Definitions of whole numbers.
pub fn definitions(constants: &[Constant]) -> String {
    constants.iter().map(|(name, value)| format!("const int {name} = {value};\n")).collect()
}

/// Definitions of float32 numbers.
pub fn number_definitions(numbers: &[(&str, f64)]) -> String {
    // A decimal that ends in `f` is read as the float32 nearest to it, and this prints the shortest that has this nearest.
    numbers.iter().map(|(name, value)| format!("const float {name} = {:?}f;\n", *value as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_those_of_cpp() {
        assert_eq!(definitions(&[("RUNS", 64), ("LANES", 32)]), "const int RUNS = 64;\nconst int LANES = 32;\n");
        let numbers = number_definitions(&[("HALF", 0.5), ("SMALL", 1e-8), ("SHARE", 1.0 - 0.9)]);
        assert_eq!(numbers, "const float HALF = 0.5f;\nconst float SMALL = 1e-8f;\nconst float SHARE = 0.1f;\n");
    }
}
