//! Progress bars: one for the sweep, one for each run in training; what is over scrolls away above them.

use std::time::{Duration, Instant};

use console::style;
use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::text::{clock, count, percent};
use crate::event::{Event, Sink};
use crate::spec::RunId;

use super::board::{Active, Board};

/// Resolution of a bar.
const FULL: u64 = 1000;
/// Columns taken by a run's figures and the gaps before and after its bar.
const FIGURES: usize = 54;
const SHORTEST_BAR: usize = 6;
const LONGEST_BAR: usize = 20;
const SHORTEST_LABEL: usize = 12;

/// Draws to standard error.
pub struct Bars {
    multi: MultiProgress,
    sweep: ProgressBar,
    header: ProgressBar,
    runs: Vec<(RunId, ProgressBar)>,
    /// Of the bars of `runs`.
    widths: Widths,
    board: Board,
}

/// Columns of a run's label and of its bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Widths {
    label: usize,
    bar: usize,
}

impl Widths {
    /// Shares out a terminal's width: labels get what they need, bars what is left, both within bounds.
    fn new(terminal: usize, longest_label: usize) -> Self {
        let room = terminal.saturating_sub(FIGURES);
        let label = longest_label.max(SHORTEST_LABEL).min(room.saturating_sub(SHORTEST_BAR)).max(SHORTEST_LABEL);
        Widths { label, bar: room.saturating_sub(label).clamp(SHORTEST_BAR, LONGEST_BAR) }
    }
}

impl Bars {
    /// `runs` runs are going to be trained.
    pub fn new(name: &str, runs: usize) -> Self {
        let multi = MultiProgress::new();
        let sweep = multi.add(ProgressBar::new(FULL));
        sweep.set_style(styled("{prefix:.bold}  {bar:30.cyan/blue.dim}  {msg}  {elapsed_precise:.dim}"));
        sweep.set_prefix(name.to_string());
        sweep.enable_steady_tick(Duration::from_millis(500));
        let header = multi.add(ProgressBar::new(FULL));
        header.set_style(styled("{msg:.dim}"));
        let (widths, board) = (Widths::new(0, 0), Board::new(runs, Instant::now()));
        let mut bars = Bars { multi, sweep, header, runs: Vec::new(), widths, board };
        bars.draw_sweep(Instant::now());
        bars
    }

    /// A finished line above the bars.
    fn say(&self, line: String) {
        // A terminal that cannot be written to is no reason to stop training.
        let _ = self.multi.println(line);
    }

    fn draw_sweep(&mut self, now: Instant) {
        self.sweep.set_position((self.board.fraction() * FULL as f64) as u64);
        let failed = match self.board.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let left = self.board.left(now).map_or_else(String::new, |left| format!(", {} left", clock(left)));
        self.sweep.set_message(format!("{}/{}{failed}{left}", self.board.finished(), count(self.board.runs, "run")));
    }

    /// Brings the bars in line with the board: as many as the terminal has lines for.
    fn draw_runs(&mut self, now: Instant) {
        let (height, width) = console::Term::stderr().size();
        let most = usize::from(height).saturating_sub(4).max(1);
        let several = self.board.several_devices();
        let labels = self.board.active.iter().map(|run| console::measure_text_width(&named(run, several)));
        let widths = Widths::new(usize::from(width), labels.max().unwrap_or(0));
        if widths.bar != self.widths.bar {
            self.runs.iter().for_each(|(_, bar)| bar.set_style(bar_style(widths)));
        }
        self.widths = widths;
        let shown: Vec<&Active> = self.board.active.iter().take(most).collect();

        self.runs.retain(|(run, bar)| {
            let stays = shown.iter().any(|active| active.run == *run);
            if !stays {
                bar.finish_and_clear();
                self.multi.remove(bar);
            }
            stays
        });
        for active in &shown {
            if !self.runs.iter().any(|(run, _)| *run == active.run) {
                let bar = self.multi.add(ProgressBar::new(FULL));
                bar.set_style(bar_style(widths));
                self.runs.push((active.run.clone(), bar));
            }
        }
        for active in &shown {
            let Some((_, bar)) = self.runs.iter().find(|(run, _)| *run == active.run) else { continue };
            bar.set_position((active.fraction() * FULL as f64) as u64);
            bar.set_prefix(fitted(&named(active, several), widths.label));
            bar.set_message(figures(active, now));
        }
        let hidden = self.board.active.len() - shown.len();
        self.header.set_message(header(widths, hidden));
    }
}

impl Sink for Bars {
    fn emit(&mut self, event: &Event) {
        let now = Instant::now();
        match event {
            Event::RunFinished { run, outcome } => {
                let (state, particulars) = self.board.ending(run, outcome);
                self.say(format!("{} {particulars}", coloured(state)));
            }
            Event::PackStopped { pack, finished: false } => {
                self.say(format!("{} pack {pack}: it goes on from its last checkpoint", style("unfinished").yellow()));
            }
            Event::ModelLoaded { backend, slower_because: Some(reason) } => {
                let note = style("note").yellow();
                self.say(format!("{note}: computes with {backend}, slower than it could: {reason}"));
            }
            Event::Notice { run, message } => {
                let label = run.as_ref().map(|run| format!(" {}", self.board.label(run))).unwrap_or_default();
                self.say(format!("{}{label}: {message}", style("note").yellow()));
            }
            _ => {}
        }
        self.board.apply(event, now);
        self.draw_runs(now);
        self.draw_sweep(now);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // Leaves the screen to the summary. What ticks by itself would draw once more.
        self.sweep.disable_steady_tick();
        let bars = self.runs.iter().map(|(_, bar)| bar).chain([&self.sweep, &self.header]);
        bars.for_each(ProgressBar::finish_and_clear);
        let _ = self.multi.clear();
    }
}

fn bar_style(widths: Widths) -> ProgressStyle {
    styled(&format!("{{prefix}}  {{bar:{}.green/black.bright}}  {{msg}}", widths.bar))
}

fn styled(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).expect("our templates are well-formed: they have a test");
    style.progress_chars("━╸─")
}

/// The run's label, with its device where there are several.
fn named(run: &Active, several_devices: bool) -> String {
    if several_devices { format!("{} {}", run.device, run.label) } else { run.label.clone() }
}

/// A label of exactly `width` columns.
fn fitted(label: &str, width: usize) -> String {
    let cut = console::truncate_str(label, width, "…");
    console::pad_str(&cut, width, console::Alignment::Left, None).into_owned()
}

fn header(widths: Widths, hidden: usize) -> String {
    let first = match hidden {
        0 => "run".to_string(),
        hidden => format!("run (+{hidden})"),
    };
    let names = format!("{:>7}  {:>7}  {:>9}  {:>10}  {:>8}", "epoch", "loss", "accuracy", "examples/s", "left");
    format!("{}  {}  {names}", fitted(&first, widths.label), " ".repeat(widths.bar))
}

fn figures(run: &Active, now: Instant) -> String {
    let epoch = format!("{}/{}", run.epoch, run.epochs);
    let loss = run.train_loss.map_or_else(|| "-".to_string(), |loss| format!("{loss:.4}"));
    let accuracy = run.accuracy().map_or_else(|| "-".to_string(), percent);
    let speed = if run.evaluating {
        "evaluating".to_string()
    } else {
        run.examples_per_second.map_or_else(|| "-".to_string(), |speed| HumanCount(speed.round() as u64).to_string())
    };
    let left = run.left(now).map_or_else(|| "-".to_string(), clock);
    format!("{epoch:>7}  {loss:>7}  {accuracy:>9}  {speed:>10}  {left:>8}")
}

fn coloured(state: &'static str) -> console::StyledObject<&'static str> {
    if state == "completed" { style(state).green() } else { style(state).red() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_under_their_names() {
        let now = Instant::now();
        let mut board = Board::new(1, now);
        let run = RunId("a".to_string());
        board.apply(
            &Event::RunStarted {
                run: run.clone(),
                label: "a long label that does not fit".to_string(),
                step: 0,
                steps: 100,
                epochs: 10,
                until: None,
                trainable_parameters: 1,
                total_parameters: 2,
            },
            now,
        );
        board.apply(
            &Event::Progress {
                run: run.clone(),
                epoch: 2,
                step: 20,
                steps: 100,
                train_loss: 0.51239,
                learning_rate: 1e-4,
                examples_per_second: 12_345.6,
                tokens_per_second: 1.0,
            },
            now + Duration::from_secs(30),
        );
        let active = board.find(&run).unwrap();
        let row = figures(active, now + Duration::from_secs(30));
        assert_eq!(row, "   2/10   0.5124          -      12,346      2:00");
        let head = header(Widths { label: 12, bar: 6 }, 3);
        assert_eq!(console::measure_text_width(&head), 12 + 2 + 6 + 2 + console::measure_text_width(&row));
        assert!(head.starts_with("run (+3)"));
        assert_eq!(fitted(&active.label, 12), "a long labe…");
    }

    #[test]
    fn narrow_terminals_cut_labels_before_figures() {
        assert_eq!(Widths::new(80, 27), Widths { label: 20, bar: 6 });
        assert_eq!(Widths::new(110, 27), Widths { label: 27, bar: 20 });
        assert_eq!(Widths::new(100, 5), Widths { label: 12, bar: 20 });
        assert_eq!(Widths::new(20, 27), Widths { label: 12, bar: 6 });
    }

    #[test]
    fn templates_are_well_formed() {
        drop(Bars::new("sweep", 1));
    }
}
