//! Numbers on the command line and in the environment, and what is too large of them.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::CliError;

/// Threads of one process, on any machine. This machine's own limit is known when they are started.
const THREADS: RangeInclusive<usize> = 1..=1024;
/// Runs in one forward and backward pass.
const PACK: RangeInclusive<usize> = 1..=1024;
/// Texts in one forward pass.
const BATCH: RangeInclusive<usize> = 1..=65_536;
/// Epochs of a run.
const EPOCHS: RangeInclusive<usize> = 1..=10_000;
/// Tokens of a sequence, of any model.
const TOKENS: RangeInclusive<usize> = 1..=1_048_576;
/// Variables from which libraries of ours take a number of threads.
const THREAD_VARIABLES: [&str; 4] = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"];

/// A number on the command line that cannot be meant.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NumberError {
    #[error("must be a whole number from {least} to {most}")]
    Whole { least: String, most: String },
    #[error("must be a number of {unit} above 0, and at most {most}")]
    AboveZero { unit: &'static str, most: f64 },
    #[error("must be a number of seconds from 0 to 60000000")]
    Seconds,
}

/// A number of threads.
pub fn threads(text: &str) -> Result<usize, NumberError> {
    within(text, THREADS)
}

/// A number of runs in a pack.
pub fn pack(text: &str) -> Result<usize, NumberError> {
    within(text, PACK)
}

/// A number of texts computed at once.
pub fn batch(text: &str) -> Result<usize, NumberError> {
    within(text, BATCH)
}

/// A number of epochs.
pub fn epochs(text: &str) -> Result<usize, NumberError> {
    within(text, EPOCHS)
}

/// A number of tokens.
pub fn tokens(text: &str) -> Result<usize, NumberError> {
    within(text, TOKENS)
}

/// Gibibytes of memory.
pub fn gibibytes(text: &str) -> Result<f64, NumberError> {
    above_zero(text, 1e6, "GiB")
}

/// Minutes between two checkpoints.
pub fn minutes(text: &str) -> Result<f64, NumberError> {
    above_zero(text, 1e6, "minutes")
}

/// Seconds between two checkpoints, of a worker; 0 means after every step.
pub fn seconds(text: &str) -> Result<f64, NumberError> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=6e7).contains(&seconds) => Ok(seconds),
        _ => Err(NumberError::Seconds),
    }
}

/// A duration of so many minutes, as [`minutes`] has read them.
pub fn minutes_to_duration(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(60.0 * minutes).unwrap_or(Duration::MAX)
}

fn within<T>(text: &str, range: RangeInclusive<T>) -> Result<T, NumberError>
where
    T: FromStr + PartialOrd + Display,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| NumberError::Whole { least: range.start().to_string(), most: range.end().to_string() })
}

fn above_zero(text: &str, most: f64, unit: &'static str) -> Result<f64, NumberError> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= most => Ok(number),
        _ => Err(NumberError::AboveZero { unit, most }),
    }
}

/// Refuses what nobody can mean: a library would start so many threads and the program would seem to hang.
///
/// # Errors
/// A variable with more threads than any machine has use for.
pub fn check_environment() -> Result<(), CliError> {
    for name in THREAD_VARIABLES {
        let value = std::env::var_os(name).unwrap_or_default();
        // Lists and words are for the library to judge.
        let number = value.to_str().and_then(|text| text.trim().parse::<u64>().ok());
        if number.is_some_and(|number| number > *THREADS.end() as u64) {
            let value = value.to_string_lossy().into_owned();
            return Err(CliError::ThreadsInEnvironment { name, value, most: *THREADS.end() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R5: absurd numbers are refused with the range that is not.
    #[test]
    fn numbers_are_within_their_range() {
        assert_eq!((threads("1"), threads("1024"), pack("16")), (Ok(1), Ok(1024), Ok(16)));
        for text in ["0", "-3", "1025", "100000", "1e3", "99999999999999999999", "", "eight"] {
            assert_eq!(threads(text).unwrap_err().to_string(), "must be a whole number from 1 to 1024", "{text}");
        }
        assert!(pack("100000").is_err() && batch("100000").is_err() && tokens("2000000").is_err());
        assert_eq!(minutes("0.5"), Ok(0.5));
        for text in ["0", "-1", "NaN", "inf", "1e300", "soon"] {
            assert_eq!(
                minutes(text).unwrap_err().to_string(),
                "must be a number of minutes above 0, and at most 1000000",
                "{text}"
            );
            assert!(gibibytes(text).is_err(), "{text}");
        }
        assert_eq!(seconds("0"), Ok(0.0));
        for text in ["-1", "NaN", "inf", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
