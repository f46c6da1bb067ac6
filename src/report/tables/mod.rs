//! Tables of a report: CSV for programs, Markdown for people, LaTeX for a paper.

mod checklist;
mod csv;
mod escape;
mod exploration;
mod latex;
mod markdown;
mod rows;
mod search;

pub(crate) use crate::words::grouped;
pub(crate) use checklist::markdown as markdown_checklist;
pub(crate) use csv::{hypotheses as csv_hypotheses, observations as csv_observations, summary as csv_summary};
pub(crate) use escape::escape;
pub(crate) use exploration::{differences_csv, profile_csv};
pub(crate) use latex::table as latex_table;
pub(crate) use markdown::summary as markdown_summary;
pub(crate) use rows::{Row, in_bold, is_best, mean_and_deviation, note_of_seeds, rows, shown};
pub(crate) use search::{SAMPLES, csv as csv_search, importance_cells, latex as latex_search};
