//! The configurations of a design with their runs.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::PlannedRun;
use super::design::Design;
use super::expand::{Configuration, Origin};
use super::fault_report;
use super::intern::{Contents, DraftKey, Interner, Seeded};
use super::planned_configuration::PlannedConfiguration;
use super::problem::{Place, Problems, quoted};
use super::source_seed::{Seeds, SourceSeed};

/// All configurations of a design; what is wrong is reported.
pub(super) fn configurations(
    design: &Design,
    interner: &mut Interner<'_>,
    problems: &mut Problems,
) -> Vec<PlannedConfiguration> {
    let planned = plan(design, interner, problems);
    let planned = without_doubles(design, planned, problems);
    report_equal_labels(design, &planned, problems);
    planned
}

/// The configurations in order, doubles collapsed into the first and excluded runs left out.
fn plan(design: &Design, interner: &mut Interner<'_>, problems: &mut Problems) -> Vec<PlannedConfiguration> {
    let mut planned: Vec<PlannedConfiguration> = Vec::new();
    let mut number_of: HashMap<DraftKey, usize> = HashMap::new();
    let mut taken: HashSet<(usize, u64)> = HashSet::new();
    for configuration in design.configurations() {
        // Asked first: a combination that is left out need not be possible.
        let seeds = seeds(design, &configuration);
        if seeds.is_empty() {
            continue;
        }
        let key = match interner.key(&configuration.draft) {
            Ok(key) => key,
            Err(faults) => {
                fault_report::report(faults, design, configuration.origin, problems);
                continue;
            }
        };
        let number = *number_of.entry(key).or_insert(planned.len());
        if number == planned.len() {
            let Configuration { label, draft, origin } = configuration;
            planned.push(PlannedConfiguration { label, draft, key, runs: Vec::with_capacity(seeds.len()), origin });
        }
        let planned = &mut planned[number];
        for seed in seeds.into_iter().filter(|seed| taken.insert((number, *seed))) {
            match interner.run(&planned.draft, &planned.key, seed) {
                Ok(run) => planned.runs.push(run),
                Err(found) => fault_report::report(vec![found], design, planned.origin, problems),
            }
        }
    }
    planned
}

/// The seeds of a configuration whose runs no condition leaves out.
fn seeds(design: &Design, configuration: &Configuration) -> Vec<u64> {
    let own = [configuration.draft.scalars.seed];
    let seeds = design.seeds.as_deref().unwrap_or(&own);
    if design.exclude.is_empty() {
        return seeds.to_vec();
    }
    let draft = &configuration.draft;
    let kept = seeds.iter().copied().filter(|seed| {
        // What cannot be is reported when it is planned.
        let run = Seeds::for_run(&draft.scalars.source_seeds, *seed).map(|seeds| draft.at(&seeds));
        run.is_err() || run.is_ok_and(|run| !design.exclude.iter().any(|condition| condition.matches(&run)))
    });
    kept.collect()
}

/// Seeds can be written in several ways, so that a configuration turns out to have the runs of an earlier one: it is that
/// one. Where only some of its runs are the same, nothing can tell to which of the two those belong.
fn without_doubles(
    design: &Design,
    planned: Vec<PlannedConfiguration>,
    problems: &mut Problems,
) -> Vec<PlannedConfiguration> {
    let plain = |planned: &PlannedConfiguration| planned.draft.scalars.source_seeds == SourceSeed::DEFAULTS;
    if planned.iter().all(plain) {
        return planned;
    }
    let mut kept: Vec<PlannedConfiguration> = Vec::with_capacity(planned.len());
    let mut owners = HashMap::new();
    for planned in planned {
        let computed: Vec<_> = planned.runs.iter().map(|run| run.computes(&planned.key)).collect();
        let owned: Vec<Option<usize>> = computed.iter().map(|run| owners.get(run).copied()).collect();
        let Some(number) = owned.iter().flatten().next().copied() else {
            owners.extend(computed.into_iter().map(|run| (run, kept.len())));
            kept.push(planned);
            continue;
        };
        let other = &kept[number];
        if owned.iter().any(|owner| *owner != Some(number)) {
            let shared = planned.runs.iter().zip(&owned).find(|(_, owner)| owner.is_some());
            let seed = shared.map_or(0, |(run, _)| run.seeds.seed);
            let (one, other) = (quoted(&planned.label), quoted(&other.label));
            let message = format!(
                "with seed {seed}, {one} is the same run as {other}, with other seeds it is not; choose seeds that never \
                 meet, for example `seed + 1000`"
            );
            problems.add(place_of(design, planned.origin), message);
        }
    }
    kept
}

/// The runs of configurations, resolved.
pub(super) fn runs(planned: &[PlannedConfiguration], varies_seed: bool, contents: &Contents) -> Vec<PlannedRun> {
    let runs: Vec<(&PlannedConfiguration, &Seeded)> =
        planned.iter().flat_map(|planned| planned.runs.iter().map(move |run| (planned, run))).collect();
    let run = |(planned, run): (&PlannedConfiguration, &Seeded)| {
        let spec = contents.resolved(&planned.draft, &planned.key, run);
        let seed = spec.seed;
        let configuration = planned.label.clone();
        let label = if varies_seed { format!("{configuration}, seed={seed}") } else { configuration.clone() };
        PlannedRun { id: contents.run_id(&spec, &planned.key, run), label, configuration, spec }
    };
    runs.into_par_iter().map(run).collect()
}

/// Labels distinguish: two different configurations of the same name would be one in every table.
fn report_equal_labels(design: &Design, planned: &[PlannedConfiguration], problems: &mut Problems) {
    let mut first: HashMap<&str, &PlannedConfiguration> = HashMap::with_capacity(planned.len());
    for planned in planned {
        if let Some(other) = first.insert(&planned.label, planned) {
            let (here, there) = (place_of(design, planned.origin), place_of(design, other.origin));
            let label = quoted(&planned.label);
            let message =
                format!("two different configurations are called {label}; the other is {}", quoted(&there.path));
            problems.add(here, message);
        }
    }
}

fn place_of(design: &Design, origin: Origin) -> Place {
    let base = Place { path: "base".to_owned(), node: None };
    design.choices_of(origin).last().map_or(base, |choice| choice.place.clone())
}
