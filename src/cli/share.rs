//! `--share I/N`: one task's part of a machine.

use std::str::FromStr;

/// Task number `index` of `of` on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: usize,
    of: usize,
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let share = parts.filter(|(index, of)| index < of).map(|(index, of)| Self { index, of });
        share.ok_or("give I/N, the number of the task, from 0 on, and of how many")
    }
}

impl Share {
    /// Every so many-th GPU; where there are fewer than tasks, some have one together.
    pub fn devices(self, devices: Vec<String>) -> Vec<String> {
        if devices.len() <= self.of {
            return devices.get(self.index % devices.len().max(1)).cloned().into_iter().collect();
        }
        devices
            .into_iter()
            .enumerate()
            .filter(|(place, _)| place % self.of == self.index)
            .map(|(_, name)| name)
            .collect()
    }

    /// The threads of a worker on the processor.
    pub fn threads(self) -> Option<usize> {
        std::thread::available_parallelism().ok().map(|all| (all.get() / self.of).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_shared_out() {
        let all: Vec<String> = (0..5).map(|index| format!("cuda:{index}")).collect();
        let of = |share: &str, devices: &[String]| share.parse::<Share>().unwrap().devices(devices.to_vec());
        assert_eq!(of("0/2", &all), ["cuda:0", "cuda:2", "cuda:4"]);
        assert_eq!(of("1/2", &all), ["cuda:1", "cuda:3"]);
        assert_eq!(of("2/3", &all[..2]), ["cuda:0"]);
        assert_eq!(of("1/2", &["cpu".to_owned()]), ["cpu"]);
        for text in ["", "1", "2/2", "a/b", "-1/2"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
