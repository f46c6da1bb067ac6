//! `--kubernetes key=value`: what pods are made of.

use std::path::PathBuf;
use std::time::Duration;

use crate::launch::error::SettingError;
use crate::launch::setting::Setting;

/// Seconds in which a pod that is told to end may save its state.
const GRACE: usize = 120;
/// How often a pod that died is started again.
const RETRIES: usize = 3;
const MOST_WORKERS: usize = 10_000;

const KNOWN: [&str; 20] = [
    "claim",
    "context",
    "cpus",
    "env",
    "gpus",
    "grace",
    "image",
    "label",
    "memory",
    "mount",
    "namespace",
    "node",
    "priority-class",
    "program",
    "pull-secret",
    "retries",
    "service-account",
    "time",
    "tolerate",
    "user",
];

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesSettings {
    pub image: String,
    /// The claim of the volume that all pods share.
    pub claim: String,
    /// Where it is mounted, here as there.
    pub mount: PathBuf,
    pub program: Option<String>,
    pub namespace: Option<String>,
    /// A cluster of kubectl's configuration.
    pub context: Option<String>,
    pub workers: Option<usize>,
    pub gpus: usize,
    /// As Kubernetes writes quantities: `8`, `500m`.
    pub cpus: Option<String>,
    /// `32Gi`
    pub memory: Option<String>,
    /// Of all pods together.
    pub time: Option<Duration>,
    pub grace: usize,
    pub retries: usize,
    /// Labels that nodes must have.
    pub node: Vec<(String, String)>,
    /// Keys of taints that are no hindrance.
    pub tolerate: Vec<String>,
    pub env: Vec<(String, String)>,
    pub labels: Vec<(String, String)>,
    /// `UID`, or `UID:GID`.
    pub user: Option<(u32, Option<u32>)>,
    pub pull_secret: Option<String>,
    pub service_account: Option<String>,
    pub priority_class: Option<String>,
}

impl KubernetesSettings {
    /// # Errors
    /// The first setting that is unknown or has no such value; or one that is missing.
    pub fn parse(given: &[String]) -> Result<Self, SettingError> {
        let mut settings = Self { grace: GRACE, retries: RETRIES, ..Self::default() };
        for setting in given {
            settings.set(&Setting::new(setting)?)?;
        }
        let missing = |key, reason| Err(SettingError::Missing { key, reason });
        if settings.image.is_empty() {
            return missing(
                "image",
                "say which image has this program: --kubernetes image=registry.example/sweep:0.1.0",
            );
        }
        if settings.claim.is_empty() {
            return missing(
                "claim",
                "say which PersistentVolumeClaim holds the shared folder: --kubernetes claim=NAME",
            );
        }
        if settings.mount.as_os_str().is_empty() {
            return missing("mount", "say where the claim is mounted, here as in the pods: --kubernetes mount=/data");
        }
        Ok(settings)
    }

    fn set(&mut self, setting: &Setting<'_>) -> Result<(), SettingError> {
        let text = || setting.text().map(|text| Some(text.to_owned()));
        match setting.key.as_str() {
            "image" => self.image = setting.text()?.to_owned(),
            "claim" => self.claim = name(setting)?,
            "mount" => self.mount = folder(setting)?,
            "program" => self.program = text()?,
            "namespace" => self.namespace = Some(name(setting)?),
            "context" => self.context = text()?,
            "workers" => self.workers = Some(setting.number(1, MOST_WORKERS)?),
            "gpus" => self.gpus = setting.number(0, 64)?,
            "cpus" => self.cpus = Some(quantity(setting)?),
            "memory" => self.memory = Some(quantity(setting)?),
            "time" => self.time = Some(time(setting)?),
            "grace" => self.grace = setting.number(1, 86_400)?,
            "retries" => self.retries = setting.number(0, 1000)?,
            "node" => self.node.push(setting.pair()?),
            "tolerate" => self.tolerate.push(setting.text()?.to_owned()),
            "env" => self.env.push(setting.pair()?),
            "label" => self.labels.push(setting.pair()?),
            "user" => self.user = Some(user(setting)?),
            "pull-secret" => self.pull_secret = Some(name(setting)?),
            "service-account" => self.service_account = Some(name(setting)?),
            "priority-class" => self.priority_class = Some(name(setting)?),
            _ => {
                let known: Vec<&str> = KNOWN.into_iter().chain(["workers"]).collect();
                return Err(setting.unknown(&known, "; for all else, change the manifest that --dry-run prints"));
            }
        }
        Ok(())
    }
}

/// The name of an object of Kubernetes (RFC 1123).
fn name(setting: &Setting<'_>) -> Result<String, SettingError> {
    let text = setting.text()?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if text.len() > 253 || !text.chars().all(plain) || text.starts_with(['-', '.']) || text.ends_with(['-', '.']) {
        return Err(setting.wrong("names in Kubernetes are lower-case letters, digits, `-` and `.`"));
    }
    Ok(text.to_owned())
}

fn folder(setting: &Setting<'_>) -> Result<PathBuf, SettingError> {
    let path = PathBuf::from(setting.text()?);
    if !path.is_absolute() || path.parent().is_none() {
        return Err(setting.wrong("mount is an absolute path below the root, such as /data"));
    }
    Ok(path)
}

/// `8`, `500m`, `1.5`, `32Gi` (Kubernetes' "resource quantities").
fn quantity(setting: &Setting<'_>) -> Result<String, SettingError> {
    let text = setting.text()?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let known = ["", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"].contains(&unit);
    if !known || number.parse::<f64>().is_err() {
        return Err(setting.wrong("this is a quantity as Kubernetes writes them: 8, 500m, 32Gi"));
    }
    Ok(text.to_owned())
}

/// `3600`, `4h`, `4:00:00`.
fn time(setting: &Setting<'_>) -> Result<Duration, SettingError> {
    let text = setting.text()?;
    let clock = || {
        let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
        match parts?[..] {
            [seconds] => Some(Duration::from_secs(seconds)),
            [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
                Some(Duration::from_secs(hours.checked_mul(3600)? + minutes * 60 + seconds))
            }
            _ => None,
        }
    };
    let time = clock().or_else(|| humantime::parse_duration(text).ok()).filter(|time| time.as_secs() > 0);
    time.ok_or_else(|| setting.wrong("time is a duration: 4h, 4:00:00 or seconds"))
}

fn user(setting: &Setting<'_>) -> Result<(u32, Option<u32>), SettingError> {
    let text = setting.text()?;
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let read = |text: &str| text.parse::<u32>().map_err(|_| setting.wrong("user is UID or UID:GID, as numbers"));
    Ok((read(user)?, group.map(read).transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &[&str]) -> Result<KubernetesSettings, String> {
        let given: Vec<String> =
            ["image=i", "claim=c", "mount=/data"].iter().chain(more).map(|text| (*text).to_owned()).collect();
        KubernetesSettings::parse(&given).map_err(|error| error.to_string())
    }

    #[test]
    fn times_are_written_in_several_ways() {
        for text in ["time=4h", "time=4:00:00", "time=14400"] {
            assert_eq!(parse(&[text]).unwrap().time, Some(Duration::from_secs(14_400)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        for (setting, said) in [
            ("imgae=x", "do you mean `image`?"),
            ("mount=data", "absolute path"),
            ("mount=/", "absolute path"),
            ("claim=My_Claim", "lower-case"),
            ("cpus=many", "quantity"),
            ("memory=32GB", "quantity"),
            ("user=root", "as numbers"),
            ("time=0", "duration"),
            ("env=HOME", "env is NAME=VALUE"),
            ("gpus=-1", "whole number"),
        ] {
            let error = parse(&[setting]).unwrap_err();
            assert!(error.contains(said), "{setting}: {error}");
        }
        for (given, said) in [(&[][..], "`image`"), (&["image=i"], "`claim`"), (&["image=i", "claim=c"], "`mount`")] {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            assert!(KubernetesSettings::parse(&given).unwrap_err().to_string().contains(said));
        }
    }
}
