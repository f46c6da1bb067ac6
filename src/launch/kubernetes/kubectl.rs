//! kubectl, which knows the cluster.

use std::collections::BTreeMap;
use std::process::Command;

use crate::launch::ask::ask;
use crate::launch::error::LaunchError;

const ADVICE: &str = "install it where clusters are reached from; --launch kubernetes --dry-run prints the manifest";

/// Which cluster, and where in it: `context` and `namespace`, as records have them.
pub type Place = BTreeMap<String, String>;

/// Asks kubectl.
///
/// # Errors
/// It is not there, or the cluster refuses.
pub fn kubectl(place: &Place, arguments: &[&str]) -> Result<String, LaunchError> {
    let mut command = Command::new("kubectl");
    for key in ["context", "namespace"] {
        if let Some(value) = place.get(key) {
            command.arg(format!("--{key}={value}"));
        }
    }
    ask("kubectl", command.args(arguments), ADVICE)
}
