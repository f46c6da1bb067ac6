//! Hypotheses with the runs they compare.

use std::collections::{HashMap, HashSet};

use super::axis::Choice;
use super::design::Design;
use super::hypothesis_draft::{HypothesisDraft, Varied};
use super::intern::{DraftKey, Interner};
use super::label;
use super::parameter::Parameter;
use super::planned_configuration::PlannedConfiguration;
use super::problem::{Place, Problems, did_you_mean, listed, quoted};
use super::setting::Setting;
use super::{Hypothesis, HypothesisMetric, Vary};
use crate::words::counted;

/// What each claim compares with its baseline, in the order of claims; none where that is wrong already.
pub(super) type Candidates = Vec<Option<Vec<Candidate>>>;

/// One changed side of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What is changed in the baseline.
    settings: Vec<Setting>,
    pub shown: String,
    /// Where the claim names it.
    named_at: Option<Place>,
}

/// Finds the values that each claim is about among those that the design varies.
pub(super) fn candidates(design: &Design, problems: &mut Problems) -> Candidates {
    let mut ids = HashSet::new();
    for claim in &design.claims {
        if !ids.insert(claim.id.as_str()) {
            problems.add(claim.places.whole.clone(), format!("the id {} is given twice", quoted(&claim.id)));
        }
    }
    design.claims.iter().map(|claim| candidates_of(claim, design, problems)).collect()
}

fn candidates_of(claim: &HypothesisDraft, design: &Design, problems: &mut Problems) -> Option<Vec<Candidate>> {
    // Values that were read wrongly are missing here; of those something has been said already.
    let damaged = problems.concern(claim.vary.name());
    let existing = match &claim.vary {
        Varied::Parameter(parameter, _) => values_of(*parameter, design),
        Varied::Change(name, _) => changes_of(name, design),
    };
    if existing.is_empty() {
        if !damaged {
            problems.add(claim.places.vary.clone(), nothing_varies(claim.vary.name(), design));
        }
        return None;
    }
    let named: Vec<(String, Place)> = match &claim.vary {
        Varied::Parameter(_, Some(values)) => {
            values.iter().map(|(value, place)| (value.shown(), place.clone())).collect()
        }
        Varied::Change(_, Some(values)) => values.clone(),
        Varied::Parameter(_, None) | Varied::Change(_, None) => return Some(existing),
    };
    let mut found = Vec::new();
    let mut sound = true;
    for (shown, place) in named {
        match existing.iter().find(|candidate| candidate.shown == shown) {
            Some(candidate) => found.push(Candidate { named_at: Some(place), ..candidate.clone() }),
            None => {
                sound = false;
                if !damaged {
                    let values = listed(existing.iter().map(|candidate| candidate.shown.as_str()));
                    let (name, shown) = (quoted(claim.vary.name()), quoted(&shown));
                    problems.add(place, format!("no run has {shown} for {name}; there are {values}"));
                }
            }
        }
    }
    sound.then_some(found)
}

/// The values that a parameter takes anywhere in the design.
fn values_of(parameter: Parameter, design: &Design) -> Vec<Candidate> {
    let settings = design.choices().flat_map(|choice| &choice.settings).filter(|s| s.parameter() == parameter);
    let mut varied = settings.cloned().peekable();
    if varied.peek().is_none() {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let candidates = varied.chain(design.base.get(parameter)).map(|setting| {
        let shown = setting.shown();
        Candidate { settings: vec![setting], shown, named_at: None }
    });
    candidates.filter(|candidate| seen.insert(candidate.shown.clone())).collect()
}

/// The variants of a named change.
fn changes_of(name: &str, design: &Design) -> Vec<Candidate> {
    let axes = design.ablate.iter().flatten().chain(&design.product).filter(|axis| axis.name == name);
    let candidate =
        |choice: &Choice| Candidate { settings: choice.settings.clone(), shown: choice.shown.clone(), named_at: None };
    axes.flat_map(|axis| &axis.choices).map(candidate).collect()
}

fn nothing_varies(name: &str, design: &Design) -> String {
    let axes = design.ablate.iter().flatten().chain(&design.product);
    let mut names: Vec<&str> = axes.flat_map(|axis| axis.name.split(", ")).collect();
    names.extend(design.runs.iter().flat_map(|choice| &choice.settings).map(|setting| setting.parameter().name()));
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(*name) && *name != "seed");
    let hint = did_you_mean(name, names.iter().copied());
    let varied = if names.is_empty() { "nothing".to_owned() } else { listed(names) };
    format!("no run varies {}{hint} (varied: {varied})", quoted(name))
}

/// The hypotheses with the labels of their configurations.
pub(super) fn hypotheses(
    design: &Design,
    candidates: &Candidates,
    planned: &[PlannedConfiguration],
    baseline: Option<&PlannedConfiguration>,
    interner: &mut Interner<'_>,
    problems: &mut Problems,
) -> Vec<Hypothesis> {
    let by_key = planned.iter().map(|planned| (planned.key, planned)).collect();
    let mut matching = Matching { design, planned, by_key, baseline, interner, problems };
    let pairs = design.claims.iter().zip(candidates);
    pairs.filter_map(|(claim, candidates)| matching.hypothesis(claim, candidates.as_deref()?)).collect()
}

struct Matching<'a, 'f> {
    design: &'a Design,
    planned: &'a [PlannedConfiguration],
    by_key: HashMap<DraftKey, &'a PlannedConfiguration>,
    baseline: Option<&'a PlannedConfiguration>,
    interner: &'a mut Interner<'f>,
    problems: &'a mut Problems,
}

impl<'a> Matching<'a, '_> {
    fn hypothesis(&mut self, claim: &HypothesisDraft, candidates: &[Candidate]) -> Option<Hypothesis> {
        let baseline = self.baseline(claim)?;
        let treatments = self.treatments(claim, candidates, baseline)?;
        for planned in treatments.iter().chain([&baseline]) {
            self.check_epoch(claim, planned);
        }
        Some(Hypothesis {
            id: claim.id.clone(),
            claim: claim.claim.clone(),
            vary: Vary {
                parameter: claim.vary.name().to_owned(),
                treatments: treatments.into_iter().map(|planned| planned.label.clone()).collect(),
                baseline: baseline.label.clone(),
            },
            metric: claim.metric,
            expect: claim.expect,
            margin: claim.margin,
        })
    }

    fn baseline(&mut self, claim: &HypothesisDraft) -> Option<&'a PlannedConfiguration> {
        let found = match &claim.baseline {
            Some(label) => label::find(label, self.planned),
            None => self.baseline.ok_or_else(|| {
                "base itself is no run of this sweep: say with `baseline:` what is compared with".to_owned()
            }),
        };
        found.map_err(|message| self.problems.add(claim.places.baseline.clone(), message)).ok()
    }

    /// The configurations that differ from the baseline in a candidate and in nothing else.
    fn treatments(
        &mut self,
        claim: &HypothesisDraft,
        candidates: &[Candidate],
        baseline: &PlannedConfiguration,
    ) -> Option<Vec<&'a PlannedConfiguration>> {
        let mut treatments: Vec<&PlannedConfiguration> = Vec::new();
        let mut sound = true;
        for candidate in candidates {
            let changed = baseline.draft.with(candidate.settings.iter());
            let found = self.interner.key(&changed).ok().and_then(|key| self.by_key.get(&key).copied());
            match found {
                Some(found) if found.key == baseline.key => {
                    // What the file varies may equal a base that was changed by an option.
                    let place = candidate.named_at.clone().filter(|_| !self.design.overridden);
                    sound &= self.missing(place, format!("{} is the baseline itself", quoted(&candidate.shown)));
                }
                Some(found) if !treatments.iter().any(|other| other.key == found.key) => treatments.push(found),
                Some(_) => {}
                None => {
                    let (shown, baseline) = (quoted(&candidate.shown), quoted(&baseline.label));
                    let message = format!(
                        "no run is {baseline} with {shown} for {} and nothing else changed",
                        quoted(claim.vary.name())
                    );
                    sound &= self.missing(candidate.named_at.clone(), message);
                }
            }
        }
        if treatments.is_empty() && sound && !self.design.overridden {
            let values = listed(candidates.iter().map(|candidate| candidate.shown.as_str()));
            let (name, baseline) = (quoted(claim.vary.name()), quoted(&baseline.label));
            let message = format!("no run differs from {baseline} in {name} alone (values of it: {values})");
            self.problems.add(claim.places.vary.clone(), message);
        }
        (sound && !treatments.is_empty()).then_some(treatments)
    }

    /// Reports what the claim names; true where it does not.
    fn missing(&mut self, named_at: Option<Place>, message: String) -> bool {
        match named_at {
            Some(place) => {
                self.problems.add(place, message);
                false
            }
            None => true,
        }
    }

    fn check_epoch(&mut self, claim: &HypothesisDraft, planned: &PlannedConfiguration) {
        let epochs = planned.draft.scalars.count(super::parameter::Count::Epochs);
        if let HypothesisMetric::AfterEpoch { epoch, .. } = claim.metric
            && epoch > epochs
            && !self.design.overridden
        {
            let label = quoted(&planned.label);
            self.problems.add(claim.places.metric.clone(), format!("{label} has only {}", counted(epochs, "epoch")));
        }
    }
}
