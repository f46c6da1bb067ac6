//! How many runs, with which seeds, and what became of them.

use std::collections::BTreeSet;

use crate::report::model::Report;
use crate::spec::RunSpec;
use crate::store::RunState;
use crate::words::counted;

use super::Item;

/// Seeds named one by one, at most.
const NAMED: usize = 12;

pub(super) fn items(report: &Report) -> Vec<Item> {
    vec![
        Item::said("How many runs were made?", number(report)),
        Item::said("How many seeds has each configuration?", seeds(report)),
        Item::said("When was this planned?", planned(report)),
    ]
}

fn number(report: &Report) -> Vec<String> {
    let configurations = counted(report.configurations.len(), "configuration");
    let mut said = vec![format!("{} of {configurations} were planned.", counted(report.runs.len(), "run"))];
    let states = [
        RunState::Completed,
        RunState::Stopped,
        RunState::Diverged,
        RunState::Failed,
        RunState::Interrupted,
        RunState::Running,
        RunState::Waiting,
        RunState::Pending,
    ];
    let of_state = |state: &RunState| {
        let runs = report.runs.iter().filter(|run| run.state == *state).count();
        (runs > 0).then(|| format!("{runs} {state}"))
    };
    said.push(format!("They are: {}.", states.iter().filter_map(of_state).collect::<Vec<_>>().join(", ")));
    let left_out: Vec<String> = report
        .runs
        .iter()
        .filter(|run| !run.sound())
        .map(|run| match &run.reason {
            Some(reason) => format!("{} ({reason})", run.label),
            None => run.label.clone(),
        })
        .collect();
    if !left_out.is_empty() {
        said.push(format!("In no mean, because they diverged or failed: {}.", left_out.join("; ")));
    }
    if report.runs.iter().any(|run| run.state == RunState::Stopped && !run.ended_early()) {
        let but = match report.search {
            Some(_) => " The means of the search's samples have them as they were where they stopped.",
            None => "",
        };
        said.push(format!(
            "Runs that stopped before their last epoch are in no verdict, and in no mean, difference or effect at the best \
             epoch: what they would have come to is not known.{but}"
        ));
    }
    let early = report.runs.iter().filter(|run| run.ended_early()).count();
    if early > 0 {
        said.push(format!(
            "Of the stopped ones {early} ended by their own `early_stopping`; they count like completed ones, by the best of their \
             epochs."
        ));
    }
    if report.rehearsal {
        said.push("This is a rehearsal on another model and other data than the sweep names.".to_string());
        said.extend(report.scaled.iter().map(|sentence| format!("Scaled for it: {sentence}.")));
    }
    said
}

fn seeds(report: &Report) -> Vec<String> {
    let numbers: BTreeSet<usize> = report.configurations.iter().map(|c| c.runs.len()).collect();
    let each = match (numbers.first(), numbers.last()) {
        (Some(1), Some(1)) => "One each: how much results vary from seed to seed cannot be told.".to_string(),
        (Some(few), Some(many)) if few == many => format!("{} each.", counted(*few, "seed")),
        (Some(few), Some(many)) => format!("{few} to {}, depending on the configuration.", counted(*many, "seed")),
        _ => "There are no configurations.".to_string(),
    };
    let searched = report.search.as_ref().map(|found| {
        let own: Vec<String> = found.evidence.settings.seeds.iter().take(NAMED).map(u64::to_string).collect();
        format!(
            "The search's samples have the seeds {}; those that it confirms have fresh ones as well.",
            own.join(", ")
        )
    });
    let all: BTreeSet<u64> = report.runs.iter().map(|run| run.spec.seed).collect();
    let named: Vec<String> = all.iter().take(NAMED).map(u64::to_string).collect();
    let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
    let mut said = vec![each, format!("Values of `seed`: {}{more}.", named.join(", "))];
    said.extend(searched);
    let mut of_their_own = |what: &str, seed: &dyn Fn(&RunSpec) -> Option<u64>| {
        let set: BTreeSet<u64> = report.runs.iter().filter_map(|run| seed(&run.spec)).collect();
        if !set.is_empty() {
            let values: Vec<String> = set.iter().take(NAMED).map(u64::to_string).collect();
            said.push(format!("Seeds of their own for the {what}: {}.", values.join(", ")));
        }
    };
    of_their_own("initial values (`init_seed`)", &|spec| spec.init_seed);
    of_their_own("order of the examples (`order_seed`)", &|spec| spec.order_seed);
    of_their_own("dropout (`dropout_seed`)", &|spec| spec.dropout_seed);
    said
}

fn planned(report: &Report) -> Vec<String> {
    let mut said = vec![format!("The plan was made on {}, before the first run.", report.created)];
    if report.search.is_some() {
        said.push(format!(
            "A search plans its runs while it goes on, by what has ended; the plan changed last on {}.",
            report.changed
        ));
    } else if report.changed != report.created {
        said.push(format!("It was changed afterwards, last on {}.", report.changed));
    } else {
        said.push("It was not changed afterwards.".to_string());
    }
    said
}
