//! Where a sweep's inputs lie, said so that it means the same from every working directory.

use std::io;
use std::path::{Path, absolute};
use std::sync::Arc;

use super::{DatasetSpec, Evaluation, RunSpec, Sweep};

impl Sweep {
    /// The sweep with absolute paths for every input that is a file or folder here. Names that lead nowhere on this machine
    /// (those of the hub) stay. Ids stay: places are no part of them.
    ///
    /// # Errors
    /// The current folder cannot be told.
    pub fn with_absolute_paths(mut self) -> io::Result<Self> {
        for run in &mut self.runs {
            run.spec.locate()?;
        }
        if let Some(search) = &mut self.search {
            Arc::make_mut(search).locate_runs();
        }
        Ok(self)
    }
}

impl RunSpec {
    pub(super) fn locate(&mut self) -> io::Result<()> {
        make_absolute(&mut self.model, Path::is_dir)?;
        if let Some(adapter) = &mut self.init_adapter {
            make_absolute(adapter, Path::is_dir)?;
        }
        self.dataset.locate()
    }
}

impl DatasetSpec {
    fn locate(&mut self) -> io::Result<()> {
        make_absolute(&mut self.path, Path::exists)?;
        for part in std::iter::once(&mut self.evaluation).chain(&mut self.test) {
            if let Evaluation::File(file) = part {
                make_absolute(file, Path::exists)?;
            }
        }
        Ok(())
    }
}

/// Makes a name absolute that is the path of something. (A path that is no UTF-8 stays as it is given: it cannot be recorded
/// otherwise.)
fn make_absolute(name: &mut String, is_there: fn(&Path) -> bool) -> io::Result<()> {
    let path = Path::new(name.as_str());
    if !path.is_absolute()
        && is_there(path)
        && let Some(absolute) = absolute(path)?.to_str()
    {
        *name = absolute.to_owned();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::draft::Draft;
    use super::super::source_seed::{Seeds, SourceSeed};
    use super::*;

    /// R2: what is a file or folder here is meant wherever a worker is started; other names stay.
    #[test]
    fn inputs_that_are_here_get_absolute_paths() {
        // Tests run in the folder of the crate.
        let here = std::env::current_dir().unwrap();
        let seeds = Seeds::for_run(&SourceSeed::DEFAULTS, 42).unwrap();
        let mut run = Draft::paper().resolved(&seeds, Vec::new());
        run.locate().unwrap();
        assert_eq!((run.model.as_str(), run.dataset.path.as_str()), ("FacebookAI/roberta-base", "fancyzhx/ag_news"));
        run.model = "./src".to_owned();
        run.init_adapter = Some("tests/cli".to_owned());
        run.dataset.path = "sweeps/data/newswire.csv".to_owned();
        run.dataset.evaluation = Evaluation::File("README.md".to_owned());
        run.locate().unwrap();
        let absolute = |path: &str| here.join(path).to_str().unwrap().to_owned();
        assert_eq!(run.model, absolute("src"));
        assert_eq!(run.init_adapter, Some(absolute("tests/cli")));
        assert_eq!(run.dataset.path, absolute("sweeps/data/newswire.csv"));
        assert_eq!(run.dataset.evaluation, Evaluation::File(absolute("README.md")));
        let before = run.clone();
        run.locate().unwrap();
        assert_eq!(run, before);
        run.dataset.evaluation = Evaluation::File("absent.csv".to_owned());
        run.locate().unwrap();
        assert_eq!(run.dataset.evaluation, Evaluation::File("absent.csv".to_owned()), "beside the data set, perhaps");
    }
}
