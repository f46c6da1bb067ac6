//! Events as others read them: a line of JSON each, with a version (`docs/events.md`).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::sweep_event::Event;

/// Raised when a reader of the old version would go wrong: a field or an event that is renamed, removed, or means something
/// else. New fields and new events leave it.
pub const EVENTS_VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenEvent {
    pub version: u32,
    /// When it was heard of (RFC 3339, UTC, milliseconds).
    pub time: String,
    /// The name of the sweep's folder.
    pub sweep: String,
    #[serde(flatten)]
    pub event: Event,
}

impl WrittenEvent {
    pub fn new(sweep: &str, event: &Event, time: SystemTime) -> Self {
        // A clock can be set to a time that has no such form.
        let time = humantime::format_rfc3339_millis(time.max(SystemTime::UNIX_EPOCH)).to_string();
        Self { version: EVENTS_VERSION, time, sweep: sweep.to_owned(), event: event.clone() }
    }

    /// With the end of the line. None where it has no JSON form.
    pub fn line(&self) -> Option<Vec<u8>> {
        let mut line = serde_json::to_vec(self).ok()?;
        line.push(b'\n');
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::Outcome;
    use crate::spec::RunId;

    #[test]
    fn lines_stay_what_they_are() {
        let outcome = Outcome::Diverged { epoch: 2, step: 31 };
        let event = Event::RunFinished { run: RunId("a1".to_owned()), outcome };
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        let written = WrittenEvent::new("quickstart", &event, time);
        let line = concat!(
            r#"{"version":1,"time":"2023-11-14T22:13:20.250Z","sweep":"quickstart","event":"run_finished","run":"a1","#,
            r#""outcome":{"status":"diverged","epoch":2,"step":31}}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(written.line().unwrap()).unwrap(), line);
        assert_eq!(serde_json::from_str::<WrittenEvent>(line).unwrap(), written);
    }

    #[test]
    fn what_is_no_number_is_null() {
        let event = Event::Progress {
            run: RunId("a1".to_owned()),
            epoch: 1,
            step: 1,
            steps: 2,
            train_loss: f64::NAN,
            learning_rate: 0.0,
            examples_per_second: 1.0,
            tokens_per_second: f64::INFINITY,
        };
        let line = WrittenEvent::new("a", &event, SystemTime::now()).line().unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(line.contains(r#""train_loss":null"#) && line.contains(r#""tokens_per_second":null"#), "{line}");
    }
}
