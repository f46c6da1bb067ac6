//! `--devices`: which devices to train on.

use std::str::FromStr;

use crate::execute::DeviceKind;

/// What the option says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// Every GPU, or the processor where there is none.
    Auto,
    /// These, each once: `cpu`, `cuda:0`.
    Named(Vec<String>),
}

/// A device that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    #[error("`{given}` is no device; give auto, cpu, or GPUs such as cuda:0,cuda:1")]
    Unknown { given: String },
    #[error("`{given}` is named twice")]
    Twice { given: String },
    #[error("{device}: this machine has {}", match available {
        0 => "no GPU that libtorch can use (`sweep doctor` says more)".to_string(),
        1 => "only cuda:0".to_string(),
        more => format!("only cuda:0 to cuda:{}", more - 1),
    })]
    Absent { device: String, available: usize },
}

impl std::fmt::Display for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Devices::Auto => f.write_str("auto"),
            Devices::Named(named) => f.write_str(&named.join(",")),
        }
    }
}

impl FromStr for Devices {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        if text == "auto" {
            return Ok(Devices::Auto);
        }
        let mut named: Vec<String> = Vec::new();
        for given in text.split(',').map(str::trim) {
            let device = match given.strip_prefix("cuda") {
                None if given == "cpu" => given.to_string(),
                Some("") => "cuda:0".to_string(),
                Some(number) => number
                    .strip_prefix(':')
                    .and_then(|number| number.parse::<u16>().ok())
                    .map(|number| format!("cuda:{number}"))
                    .ok_or_else(|| DeviceError::Unknown { given: given.to_string() })?,
                None => return Err(DeviceError::Unknown { given: given.to_string() }),
            };
            if named.contains(&device) {
                return Err(DeviceError::Twice { given: given.to_string() });
            }
            named.push(device);
        }
        Ok(Devices::Named(named))
    }
}

impl Devices {
    /// What kind they are of, of which there may be none here, where `available` GPUs can be used.
    pub fn kind(&self, available: usize) -> DeviceKind {
        match self {
            Devices::Auto if available == 0 => DeviceKind::Cpu,
            Devices::Auto => DeviceKind::Cuda,
            Devices::Named(named) => named.first().map_or(DeviceKind::Cpu, |device| DeviceKind::from_name(device)),
        }
    }

    /// The devices' names where `available` GPUs can be used.
    ///
    /// # Errors
    /// A GPU that is not there.
    pub fn resolve(&self, available: usize) -> Result<Vec<String>, DeviceError> {
        let all = || (0..available).map(|index| format!("cuda:{index}")).collect::<Vec<_>>();
        match self {
            Devices::Auto if available == 0 => Ok(vec!["cpu".to_string()]),
            Devices::Auto => Ok(all()),
            Devices::Named(named) => {
                let there = all();
                match named.iter().find(|device| *device != "cpu" && !there.contains(device)) {
                    Some(device) => Err(DeviceError::Absent { device: device.clone(), available }),
                    None => Ok(named.clone()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<String>, String> {
        let devices: Devices = text.parse().map_err(|error: DeviceError| error.to_string())?;
        devices.resolve(2).map_err(|error| error.to_string())
    }

    #[test]
    fn devices_are_named_as_people_name_them() {
        assert_eq!(parse("auto").unwrap(), ["cuda:0", "cuda:1"]);
        assert_eq!(parse("cpu").unwrap(), ["cpu"]);
        assert_eq!(parse("cuda:1, cpu").unwrap(), ["cuda:1", "cpu"]);
        assert_eq!(parse("cuda").unwrap(), ["cuda:0"]);
        assert_eq!(Devices::Auto.resolve(0).unwrap(), ["cpu"]);
        assert_eq!([0, 1].map(|available| Devices::Auto.kind(available)), [DeviceKind::Cpu, DeviceKind::Cuda]);
        // It may be another machine's.
        assert_eq!("cuda:3".parse::<Devices>().unwrap().kind(0), DeviceKind::Cuda);
    }

    #[test]
    fn what_is_not_there_is_said() {
        for text in ["", "gpu", "cuda:x", "cuda0", "cuda:0,,cpu", "auto,cpu"] {
            assert!(parse(text).unwrap_err().contains("is no device"), "{text}");
        }
        assert_eq!(parse("cuda:0,cuda").unwrap_err(), "`cuda` is named twice");
        assert_eq!(parse("cuda:2").unwrap_err(), "cuda:2: this machine has only cuda:0 to cuda:1");
        let absent = Devices::Named(vec!["cuda:0".to_string()]).resolve(0).unwrap_err();
        assert!(absent.to_string().contains("no GPU"), "{absent}");
    }
}
