//! Which colour, marker and line each configuration has, in every chart.

use crate::report::model::Report;

use super::palette::{self, Look};

/// How each configuration is drawn, in every chart.
pub(crate) struct Looks(Vec<Look>);

impl Looks {
    /// The baseline is black. Where there are more others than colours, the best ones get the colours.
    pub(crate) fn of(report: &Report) -> Looks {
        let count = report.configurations.len();
        let others: Vec<usize> = (0..count).filter(|&i| !report.is_baseline(i)).collect();
        let colours = palette::OKABE_ITO.len();
        let chosen: Vec<usize> = if others.len() <= colours {
            others
        } else {
            report.ranking().into_iter().filter(|&i| !report.is_baseline(i)).take(colours).collect()
        };
        let mut looks = vec![Look::PLAIN; count];
        if let Some(baseline) = report.baseline {
            looks[baseline] = Look::BASELINE;
        }
        for (place, index) in chosen.into_iter().enumerate() {
            looks[index] = Look::distinct(place);
        }
        Looks(looks)
    }

    pub(crate) fn get(&self, configuration: usize) -> Look {
        self.0.get(configuration).copied().unwrap_or(Look::PLAIN)
    }

    /// Whether the configuration has a look that no other has.
    pub(crate) fn is_distinct(&self, configuration: usize) -> bool {
        self.get(configuration) != Look::PLAIN
    }
}
