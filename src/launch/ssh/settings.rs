//! `--ssh key=value`: how hosts are reached, and what is found there.

use std::path::PathBuf;

use super::hosts::{self, Host};
use crate::launch::error::SettingError;
use crate::launch::setting::Setting;

/// Seconds in which a connection must stand.
const CONNECT: usize = 10;
/// Seconds after which a silent connection is asked whether it lives; four such questions in vain are its end.
const ALIVE: usize = 15;

const KNOWN: [&str; 8] = ["alive", "config", "connect-timeout", "folder", "hosts", "line", "option", "program"];

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSettings {
    pub hosts: Vec<Host>,
    /// A configuration of `ssh` instead of the user's.
    pub config: Option<String>,
    /// `Name=value` options of `ssh`, as given.
    pub options: Vec<String>,
    pub connect_timeout: usize,
    pub alive: usize,
    /// The program there, where it is not where it is here.
    pub program: Option<String>,
    /// The folder there, where it is not that of this command.
    pub folder: Option<PathBuf>,
    /// Shell commands before the task starts.
    pub lines: Vec<String>,
}

impl SshSettings {
    /// # Errors
    /// The first setting that is unknown or has no such value; or no hosts are named.
    pub fn parse(given: &[String]) -> Result<Self, SettingError> {
        let mut settings = Self {
            hosts: Vec::new(),
            config: None,
            options: Vec::new(),
            connect_timeout: CONNECT,
            alive: ALIVE,
            program: None,
            folder: None,
            lines: Vec::new(),
        };
        for setting in given {
            settings.set(&Setting::new(setting)?)?;
        }
        if settings.hosts.is_empty() {
            let reason = "say which hosts to train on: --hosts a,b:2, or --hosts @FILE";
            return Err(SettingError::Missing { key: "hosts", reason });
        }
        Ok(settings)
    }

    fn set(&mut self, setting: &Setting<'_>) -> Result<(), SettingError> {
        match setting.key.as_str() {
            "hosts" => self.hosts = hosts::parse(setting.text()?)?,
            "config" => self.config = Some(setting.text()?.to_owned()),
            "option" => {
                let (name, value) = setting.pair()?;
                self.options.push(format!("{name}={value}"));
            }
            "connect-timeout" => self.connect_timeout = setting.number(1, 3600)?,
            "alive" => self.alive = setting.number(1, 3600)?,
            "program" => self.program = Some(setting.text()?.to_owned()),
            "folder" => self.folder = Some(setting.text()?.into()),
            "line" => self.lines.push(setting.text()?.to_owned()),
            _ => return Err(setting.unknown(&KNOWN, "; any other option of ssh: option=Name=value")),
        }
        Ok(())
    }
}
