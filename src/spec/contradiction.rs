//! Hypotheses that cannot all be true.

use std::collections::HashMap;

use super::Expectation;
use super::design::Design;
use super::hypothesis_draft::{HypothesisDraft, Varied};
use super::problem::{Problems, quoted};
use super::treatment::{Candidate, Candidates};

/// Reports claims about the same comparison that no result could support together.
pub(super) fn report(design: &Design, candidates: &Candidates, problems: &mut Problems) {
    let mut earlier: HashMap<String, Vec<&HypothesisDraft>> = HashMap::new();
    for (claim, candidates) in design.claims.iter().zip(candidates) {
        let Some(candidates) = candidates else {
            continue;
        };
        let same = earlier.entry(comparison(claim, candidates, design)).or_default();
        if let Some(other) = same.iter().find(|other| !compatible(claim, other)) {
            let (id, here, there) = (quoted(&other.id), claim.expect.name(), other.expect.name());
            problems.add(
                claim.places.whole.clone(),
                format!("contradicts {id}: the same comparison cannot be `{here}` and `{there}`"),
            );
        }
        same.push(claim);
    }
}

/// What a claim compares, as text that is equal for equal comparisons.
fn comparison(claim: &HypothesisDraft, candidates: &[Candidate], design: &Design) -> String {
    let base = match claim.vary {
        Varied::Parameter(parameter, _) => design.base.get(parameter),
        Varied::Change(..) => None,
    };
    // Compared with base, base's own value is no treatment, whether it was left out or not.
    let base = base.filter(|_| claim.baseline.is_none()).map(|setting| setting.shown());
    let mut values: Vec<&str> = candidates
        .iter()
        .map(|candidate| candidate.shown.as_str())
        .filter(|shown| base.as_deref() != Some(*shown))
        .collect();
    values.sort_unstable();
    format!("{}|{values:?}|{:?}|{}", claim.vary.name(), claim.baseline, claim.metric)
}

/// Whether some difference between treatment and baseline makes both claims true.
fn compatible(a: &HypothesisDraft, b: &HypothesisDraft) -> bool {
    let (a, b) = (Differences::for_claim(a), Differences::for_claim(b));
    let (low, high) = (a.low.max(b.low), a.high.min(b.high));
    low < high || low == high && a.contain(low) && b.contain(low)
}

/// The differences that make a claim true: an interval, without its ends where `open`.
struct Differences {
    low: f64,
    high: f64,
    open: bool,
}

impl Differences {
    fn for_claim(claim: &HypothesisDraft) -> Differences {
        let margin = claim.margin.unwrap_or(0.0);
        let (low, high, open) = match claim.expect {
            Expectation::Lower => (f64::NEG_INFINITY, -margin, true),
            Expectation::Higher => (margin, f64::INFINITY, true),
            Expectation::NotHigher => (f64::NEG_INFINITY, margin, false),
            Expectation::NotLower => (-margin, f64::INFINITY, false),
            Expectation::Equivalent => (-margin, margin, true),
        };
        Differences { low, high, open }
    }

    fn contain(&self, value: f64) -> bool {
        if self.open { self.low < value && value < self.high } else { self.low <= value && value <= self.high }
    }
}
