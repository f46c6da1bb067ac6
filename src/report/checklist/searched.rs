//! What a search did: where it looked, by what it chose, and what it compared.

use crate::report::model::Report;
use crate::report::search::{Evidence, Found, Outcome};
use crate::spec::{Distribution, SearchBudget};
use crate::words::{counted, grouped};

use super::item::Item;

/// Choices named one by one, at most.
const CHOICES: usize = 20;

/// The bounds of the space.
pub(super) fn bounds(evidence: &Evidence) -> Item {
    let row = |dimension: &crate::spec::Dimension| {
        let applies = dimension.when.clone().unwrap_or_else(|| "always".to_string());
        vec![dimension.name.clone(), distribution(&dimension.distribution), applies]
    };
    Item::table(
        "Within which bounds were they searched?",
        &["Parameter", "Bounds", "Applies"],
        evidence.space.iter().map(row).collect(),
    )
}

fn distribution(of: &Distribution) -> String {
    match of {
        Distribution::Uniform { low, high } => format!("{low} to {high}, uniform"),
        Distribution::LogUniform { low, high } => format!("{low} to {high}, uniform in the logarithm"),
        Distribution::Quantized { low, high, step } => format!("{low} to {high} in steps of {step}, uniform"),
        Distribution::Int { low, high } => format!("whole numbers from {low} to {high}, uniform"),
        Distribution::LogInt { low, high } => format!("whole numbers from {low} to {high}, uniform in the logarithm"),
        Distribution::Choice(choices) => {
            let more = choices.len().saturating_sub(CHOICES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named: Vec<&str> = choices.iter().take(CHOICES).map(String::as_str).collect();
            format!("one of {}{more}", named.join(" | "))
        }
    }
}

/// How the values of the samples were chosen.
pub(super) fn chosen(found: &Found) -> Vec<String> {
    let (evidence, settings) = (&found.evidence, &found.evidence.settings);
    let (seeds, name) = (settings.seeds.len(), evidence.metric().title().to_lowercase());
    let mut said = vec![format!(
        "A search chose them, by the method `{}` with the seed {}, in batches of {}: {} of {} each. The sweep file names the \
         bounds, and the report has every sample (search.csv).",
        settings.method,
        settings.seed,
        grouped(settings.batch),
        counted(evidence.trials.len(), "sample"),
        counted(seeds, "seed"),
    )];
    said.push(format!(
        "It searched for the {} {name} at the best epoch, on the evaluation examples. {}",
        if evidence.metric().lower_is_better() { "lowest" } else { "highest" },
        match settings.method.as_str() {
            "random" | "sobol" => "The values of a sample do not depend on the results of others.",
            _ => "The values of later samples depend on the results of earlier ones.",
        }
    ));
    if !settings.initial.is_empty() {
        said.push(format!("The sweep file gave the values of {}.", counted(settings.initial.len(), "sample")));
    }
    said.extend(settings.budget.map(|budget| match budget {
        SearchBudget::Tokens(tokens) => format!("Its budget was {} training tokens.", grouped(tokens as usize)),
        SearchBudget::Hours { hours } => format!("Its budget was {hours} hours of one device."),
    }));
    if let Some(confirm) = settings.confirm {
        let trained = found.confirmed().count();
        said.push(format!(
            "The best {} by the search's own seeds were to be trained again with {}, which had no part in choosing; that was begun \
             with {trained}.",
            grouped(confirm.top),
            counted(confirm.seeds, "fresh seed"),
        ));
    } else {
        said.push("None was trained again with fresh seeds, so the best is partly the luckiest.".to_string());
    }
    said
}

/// What was compared with what.
pub(super) fn tests(report: &Report) -> Vec<String> {
    let Some(found) = &report.search else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if let Outcome::Confirmed(winner) = &found.outcome
        && !winner.others.is_empty()
    {
        said.push(format!(
            "The {} samples that were confirmed with fresh seeds, each with each: whether one is better in {}. Runs are paired by \
             seed, and by example where there are values for each. p-values are corrected by Holm across the pairs.",
            grouped(1 + winner.others.len()),
            found.evidence.metric().title().to_lowercase(),
        ));
    }
    if !found.importances.of.is_empty() {
        said.push(
            "The importance of each parameter of the space was compared with what the largest of all reaches by chance in 95 of \
             100 draws."
                .to_string(),
        );
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_distribution() {
        let shown = [
            distribution(&Distribution::LogUniform { low: 1e-5, high: 0.01 }),
            distribution(&Distribution::Quantized { low: 0.0, high: 0.5, step: 0.1 }),
            distribution(&Distribution::LogInt { low: 1, high: 64 }),
            distribution(&Distribution::Choice(["cosine", "linear"].map(str::to_owned).to_vec())),
        ];
        assert_eq!(
            shown,
            [
                "0.00001 to 0.01, uniform in the logarithm",
                "0 to 0.5 in steps of 0.1, uniform",
                "whole numbers from 1 to 64, uniform in the logarithm",
                "one of cosine | linear",
            ]
        );
    }
}
