//! The exit codes of the program, for people and scripts, and between a supervisor and its workers.

/// What a process leaves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: everything that was to be done is done.
    Success,
    /// 1: something failed while running: a run failed or diverged, results or output could not be written, a batch system
    /// refused. Of a worker: a run failed, and that was to be the end.
    Failure,
    /// 2: the input is wrong (command line, sweep file, data, model, results folder); nothing was run.
    BadInput,
    /// 3, of a worker only: results cannot be recorded. To start it again would not help.
    CannotRecord,
    /// 4, of a worker only: what the runs read is not there. To start it again would not help.
    NoInputs,
    /// 128 and the signal's number: interrupted by it, with everything saved.
    Signal(u8),
}

impl ExitCode {
    /// Interrupted by a signal.
    pub fn signal(number: usize) -> Self {
        // There are 64 signals at most.
        Self::Signal(u8::try_from(number).unwrap_or(u8::MAX))
    }

    /// Success, or something failed.
    pub fn success_if(all_well: bool) -> Self {
        if all_well { Self::Success } else { Self::Failure }
    }

    /// What the system is told.
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::BadInput => 2,
            Self::CannotRecord => 3,
            Self::NoInputs => 4,
            Self::Signal(signal) => 128_u8.saturating_add(signal),
        }
    }

    /// The code of a process that left with this number; none where the number means nothing here.
    pub fn from_number(number: i32) -> Option<Self> {
        match number {
            129..=255 => Some(Self::signal((number - 128).unsigned_abs() as usize)),
            _ => [Self::Success, Self::Failure, Self::BadInput, Self::CannotRecord, Self::NoInputs]
                .into_iter()
                .find(|code| i32::from(code.number()) == number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_documents_say_and_are_read_back() {
        let codes = [
            (ExitCode::Success, 0),
            (ExitCode::Failure, 1),
            (ExitCode::BadInput, 2),
            (ExitCode::CannotRecord, 3),
            (ExitCode::NoInputs, 4),
            (ExitCode::signal(15), 143),
        ];
        for (code, number) in codes {
            assert_eq!(code.number(), number);
            assert_eq!(ExitCode::from_number(i32::from(number)), Some(code));
        }
        assert_eq!(ExitCode::from_number(5), None);
        assert_eq!(ExitCode::from_number(101), None);
    }
}
