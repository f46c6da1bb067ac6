//! Two-way grids: accuracy for every combination of two parameters.

use crate::metrics::Summary;
use crate::report::design::{self, Factor, Shape};
use crate::report::metric;
use crate::report::model::Report;
use crate::spec::Metric;

use super::canvas::{Anchor, Canvas, Drawn, HEIGHT, Rect, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::palette::{self, GRID, luminance, sequential};
use super::panel::lattice;
use super::{Chart, DrawError, words};

/// More levels than this and the cells are too small to read.
const MOST_LEVELS: usize = 24;
const SCALE_WIDTH: f64 = 190.0;

pub(super) fn draw(report: &Report) -> Result<Option<Chart>, DrawError> {
    let factors = design::factors(report);
    if design::shape(report, &factors) != Shape::TwoWay {
        return Ok(None);
    }
    let [a, b] = factors.as_slice() else {
        return Ok(None);
    };
    // The longer side is horizontal.
    let (across, down) = if a.levels.len() >= b.levels.len() { (a, b) } else { (b, a) };
    let values: Vec<f64> = (0..report.configurations.len()).filter_map(|i| Some(cell(report, i)?.mean)).collect();
    let range = super::rows::range(values.iter().copied());
    let (Some(range), true) = (range, across.levels.len() <= MOST_LEVELS) else {
        return Ok(None);
    };
    let title = format!("Accuracy by {} and {}", across.name, down.name);
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading(canvas, &title, &words::subject(report))? + 10.0;
        let names = down.levels.iter().map(|level| Type::small().width(level)).fold(0.0, f64::max).min(300.0);
        let left = MARGIN + 60.0 + names;
        let rect = Rect::new(left, top, f64::from(WIDTH) - MARGIN - SCALE_WIDTH, f64::from(HEIGHT) - 120.0);
        grid(canvas, rect, report, across, down, range)?;
        scale(canvas, Rect::new(rect.right + 50.0, rect.top, rect.right + 80.0, rect.bottom), range)
    })?;
    let description = format!(
        "Each cell: accuracy at the best epoch, mean over seeds, darker is better. {}",
        words::standing(report, Metric::ACCURACY, 3)
    );
    Ok(Some(Chart { name: "heatmap", title, description, picture }))
}

fn cell(report: &Report, configuration: usize) -> Option<Summary> {
    report.configurations[configuration].best.get(&Metric::ACCURACY).copied()
}

fn grid(canvas: &Canvas<'_>, rect: Rect, report: &Report, across: &Factor, down: &Factor, range: (f64, f64)) -> Drawn {
    let (columns, rows) = (across.levels.len(), down.levels.len());
    let cells = lattice(rect, columns, rows, (4.0, 4.0));
    for (place, cell_rect) in cells.iter().enumerate() {
        // Rows from the bottom up, as on an axis.
        let (column, row) = (place % columns, rows - 1 - place / columns);
        let found = (0..report.configurations.len()).find(|&i| across.of[i] == column && down.of[i] == row);
        match found.and_then(|i| cell(report, i)) {
            Some(summary) => filled(canvas, *cell_rect, summary, range)?,
            None => {
                canvas.fill(*cell_rect, GRID)?;
                canvas.text("–", (cell_rect.middle_x(), cell_rect.middle_y()), Type::muted().anchor(Anchor::Middle))?;
            }
        }
    }
    for (level, cell_rect) in across.levels.iter().zip(&cells) {
        let level = Type::small().fit(level, cell_rect.width());
        canvas.text(&level, (cell_rect.middle_x(), rect.bottom + 26.0), Type::small().anchor(Anchor::Middle))?;
    }
    for (level, cell_rect) in down.levels.iter().zip(cells.iter().step_by(columns).rev()) {
        let level = Type::small().fit(level, 300.0);
        canvas.text(&level, (rect.left - 14.0, cell_rect.middle_y()), Type::small().anchor(Anchor::End))?;
    }
    canvas.text(&across.name, (rect.middle_x(), rect.bottom + 70.0), Type::body().anchor(Anchor::Middle))?;
    canvas.text(&down.name, (MARGIN + 14.0, rect.middle_y()), Type::body().anchor(Anchor::Middle).upwards())
}

fn filled(canvas: &Canvas<'_>, rect: Rect, summary: Summary, (low, high): (f64, f64)) -> Drawn {
    let color = sequential((summary.mean - low) / (high - low));
    canvas.fill(rect, color)?;
    let look = Type::small().anchor(Anchor::Middle).color(palette::on(luminance(color)));
    let text = metric::write(Metric::ACCURACY, summary.mean);
    if rect.width() < look.width(&text) + 8.0 {
        return Ok(());
    }
    match summary.sd.filter(|_| rect.height() > 70.0) {
        Some(sd) => {
            canvas.text(&text, (rect.middle_x(), rect.middle_y() - 14.0), look.bold())?;
            canvas.text(&format!("± {:.1}", sd * 100.0), (rect.middle_x(), rect.middle_y() + 16.0), look)
        }
        None => canvas.text(&text, (rect.middle_x(), rect.middle_y()), look.bold()),
    }
}

/// The colours with their values.
pub(super) fn scale(canvas: &Canvas<'_>, rect: Rect, (low, high): (f64, f64)) -> Drawn {
    const STEPS: usize = 60;
    for step in 0..STEPS {
        let share = (step as f64 + 0.5) / STEPS as f64;
        let y = |share: f64| rect.bottom - share * rect.height();
        let band = Rect { top: y((step + 1) as f64 / STEPS as f64), bottom: y(step as f64 / STEPS as f64), ..rect };
        canvas.fill(band, sequential(share))?;
    }
    for (share, value) in [(0.0, low), (0.5, (low + high) / 2.0), (1.0, high)] {
        let at = (rect.right + 10.0, rect.bottom - share * rect.height());
        canvas.text(&metric::write(Metric::ACCURACY, value), at, Type::small())?;
    }
    Ok(())
}
