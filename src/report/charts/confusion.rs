//! Which classes are taken for which: the baseline and the best run.

use crate::event::best_by;
use crate::metrics::Confusion;
use crate::report::model::{Answers, Report, Run};
use crate::report::{best, metric};
use crate::spec::Metric;

use super::canvas::{Anchor, Canvas, Drawn, Rect, Type, WIDTH, picture, wrap};
use super::legend::{Heading, MARGIN};
use super::palette::{luminance, sequential};
use super::panel::lattice;
use super::{Chart, DrawError, words};

/// More classes than this and the cells are too small to read.
const MOST_CLASSES: usize = 20;
/// The counts are written into the cells up to this many classes.
const WRITTEN: usize = 10;
/// Between two matrices, in pixels.
const GAP: f64 = 40.0;
/// The side of a matrix, in pixels.
const LARGEST: f64 = 800.0;

pub(super) fn draw(report: &Report) -> Result<Option<Chart>, DrawError> {
    let shown: Vec<(Title<'_>, &Answers, Confusion)> = chosen(report)
        .into_iter()
        .filter_map(|(title, run)| {
            let answers = run.answers.as_ref().filter(|answers| answers.targets.names().len() <= MOST_CLASSES)?;
            let counts = Confusion::of(answers.targets.names().len(), &answers.labels, &answers.predicted).ok()?;
            Some((title, answers, counts))
        })
        .collect();
    let Some((_, first, _)) = shown.first() else {
        return Ok(None);
    };
    let title = "Confusion matrix at the best epoch";
    let name_width = first.targets.names().iter().map(|name| Type::small().width(name)).fold(0.0, f64::max).min(220.0);
    let room = (f64::from(WIDTH) - 2.0 * MARGIN - GAP * (shown.len() - 1) as f64) / shown.len() as f64;
    let subtitle = format!("{} · rows: true class · shares of the true class, counts below", words::subject(report));
    let heading = Heading::new(title, &subtitle);
    let above = 50.0 + 27.0 * (shown.iter().map(|(title, ..)| title.lines(room).len()).max().unwrap_or(1) - 1) as f64;
    let height = (heading.bottom() + above + Layout::of(first, room, name_width).height() + 30.0) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + above;
        let outer = Rect::new(MARGIN, top, f64::from(WIDTH) - MARGIN, f64::from(height) - 30.0);
        for ((title, answers, counts), cell) in shown.iter().zip(lattice(outer, shown.len(), 1, (GAP, 0.0))) {
            matrix(canvas, cell, name_width, title, answers, counts)?;
        }
        Ok(())
    })?;
    let sentences: Vec<String> =
        shown.iter().map(|(title, answers, counts)| worst(&title.text(), answers, counts)).collect();
    Ok(Some(Chart { name: "confusion", title: title.to_string(), description: sentences.join(" "), picture }))
}

/// The baseline's best run and the best run of all, with titles; one where they are the same. Of a search the best run is one of the
/// best configuration, not the luckiest of all. Figures on different data sets cannot be compared: where there are several, both
/// are of the baseline's, or without a baseline of the first one.
fn chosen(report: &Report) -> Vec<(Title<'_>, &Run)> {
    let sets = best::data_sets(report.runs.iter().map(|run| &run.spec.dataset));
    let best_of = |configuration: usize| {
        let runs = report.runs_of(&report.configurations[configuration]).filter(|run| run.answers.is_some());
        best_by(runs, report.metric_for_best(), |run| run.best_epoch())
    };
    let mut chosen = Vec::new();
    let baseline = report.baseline.and_then(best_of);
    if let Some(run) = baseline {
        chosen.push((Title { role: "Baseline".to_owned(), run }, run));
    }
    let answered = || report.runs.iter().filter(|run| run.answers.is_some());
    let Some(set) = baseline.or(answered().next()).map(|run| best::same_examples(&run.spec.dataset)) else {
        return chosen;
    };
    let is_comparable = |run: &&Run| best::same_examples(&run.spec.dataset) == set;
    let best_run = match report.search {
        Some(_) => report.ranking().into_iter().filter_map(best_of).find(is_comparable),
        None => best_by(answered().filter(is_comparable), report.metric_for_best(), |run| run.best_epoch()),
    };
    if let Some(run) = best_run
        && chosen.iter().all(|(_, known)| known.id != run.id)
    {
        let of_set = sets.iter().position(|one| *one == set).filter(|_| sets.len() > 1);
        let on = of_set.map(|place| format!(" on {}", best::data_set_names(&sets)[place]));
        chosen.push((Title { role: format!("Best run{}", on.unwrap_or_default()), run }, run));
    }
    chosen
}

/// What stands above a matrix.
struct Title<'a> {
    role: String,
    run: &'a Run,
}

impl Title<'_> {
    fn text(&self) -> String {
        self.with(&self.run.label)
    }

    fn lines(&self, width: f64) -> Vec<String> {
        wrap(&self.text(), Type::small().bold(), width, 3)
    }

    fn with(&self, label: &str) -> String {
        format!("{}: {label}, {}", self.role, figure(self.run))
    }
}

fn accuracy(run: &Run) -> f64 {
    run.judged(Metric::ACCURACY).unwrap_or(f64::NEG_INFINITY)
}

fn figure(run: &Run) -> String {
    metric::write(Metric::ACCURACY, accuracy(run))
}

/// The measures of a matrix, in pixels.
struct Layout {
    /// Room for the names of the rows.
    left: f64,
    side: f64,
    /// The names of the columns read upwards, where they are wider than a column.
    upwards: bool,
    /// Room for the names of the columns.
    below: f64,
}

impl Layout {
    fn of(answers: &Answers, width: f64, name_width: f64) -> Layout {
        let left = name_width + 70.0;
        let side = (width - left).min(LARGEST);
        let column = side / answers.targets.names().len() as f64;
        let upwards = answers.targets.names().iter().any(|name| Type::small().width(name) > column - 10.0);
        Layout { left, side, upwards, below: if upwards { name_width + 70.0 } else { 110.0 } }
    }

    fn height(&self) -> f64 {
        self.side + self.below
    }
}

fn matrix(
    canvas: &Canvas<'_>,
    room: Rect,
    name_width: f64,
    title: &Title<'_>,
    answers: &Answers,
    counts: &Confusion,
) -> Drawn {
    let lines = title.lines(room.width());
    let above = 28.0 + 27.0 * (lines.len() - 1) as f64 / 2.0;
    canvas.lines(&lines, (room.left, room.top - above), 27.0, Type::small().bold())?;
    let Layout { left, side, upwards, below } = Layout::of(answers, room.width(), name_width);
    let left = room.left + left;
    let square = Rect::new(left, room.top, left + side, room.top + side);
    let cells = lattice(square, counts.classes(), counts.classes(), (4.0, 4.0));
    for (row, cells_of_row) in counts.rows().zip(cells.chunks(counts.classes())) {
        let total: u64 = row.iter().sum();
        for (&count, rect) in row.iter().zip(cells_of_row) {
            cell_of(canvas, *rect, count, total, counts.classes() <= WRITTEN)?;
        }
    }
    class_names(canvas, answers, square, &cells, name_width, upwards)?;
    let foot = square.bottom + below - 40.0;
    canvas.text("Predicted class", (square.middle_x(), foot), Type::body().anchor(Anchor::Middle))?;
    let at = (room.left + 20.0, square.middle_y());
    canvas.text("True class", at, Type::body().anchor(Anchor::Middle).upwards())
}

/// Beside the rows and below the columns.
fn class_names(
    canvas: &Canvas<'_>,
    answers: &Answers,
    square: Rect,
    cells: &[Rect],
    name_width: f64,
    upwards: bool,
) -> Drawn {
    for (name, rect) in answers.targets.names().iter().zip(cells.iter().step_by(answers.targets.names().len())) {
        let lines = wrap(name, Type::small(), name_width, ((rect.height() / 27.0) as usize).clamp(1, 4));
        let look = Type::small().anchor(Anchor::End);
        canvas.lines(&lines, (square.left - 14.0, rect.middle_y()), 27.0, look)?;
    }
    for (name, rect) in answers.targets.names().iter().zip(cells) {
        let name = Type::small().fit(name, if upwards { name_width } else { rect.width() });
        let look =
            if upwards { Type::small().anchor(Anchor::End).upwards() } else { Type::small().anchor(Anchor::Middle) };
        canvas.text(&name, (rect.middle_x(), square.bottom + if upwards { 14.0 } else { 26.0 }), look)?;
    }
    Ok(())
}

fn cell_of(canvas: &Canvas<'_>, rect: Rect, count: u64, total: u64, written: bool) -> Drawn {
    let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
    let color = sequential(share);
    canvas.fill(rect, color)?;
    if !written {
        return Ok(());
    }
    let look = Type::small().anchor(Anchor::Middle).color(super::palette::on(luminance(color)));
    let middle = (rect.middle_x(), rect.middle_y());
    if rect.height() < 64.0 {
        return canvas.text(&count.to_string(), middle, look);
    }
    canvas.text(&format!("{:.1} %", share * 100.0), (middle.0, middle.1 - 14.0), look.bold())?;
    canvas.text(&count.to_string(), (middle.0, middle.1 + 16.0), look)
}

/// The most frequent confusion.
fn worst(title: &str, answers: &Answers, counts: &Confusion) -> String {
    let off_diagonal = counts.rows().enumerate().flat_map(|(label, row)| {
        row.into_iter()
            .enumerate()
            .filter(move |(predicted, _)| *predicted != label)
            .map(move |(p, count)| (label, p, count))
    });
    match off_diagonal.max_by_key(|(_, _, count)| *count) {
        Some((label, predicted, count)) if count > 0 => format!(
            "{title}: most often {} is taken for {} ({count} of {} errors).",
            answers.targets.names()[label],
            answers.targets.names()[predicted],
            answers.correct().iter().filter(|right| !**right).count()
        ),
        _ => format!("{title}: no errors."),
    }
}
