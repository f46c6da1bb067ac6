//! Which configurations are worth their cost.

/// Something with a price (such as trainable parameters; lower is better) and a worth (such as accuracy; higher is better).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub cost: f64,
    pub score: f64,
}

impl Candidate {
    fn dominates(&self, other: &Self) -> bool {
        self.cost <= other.cost && self.score >= other.score && (self.cost < other.cost || self.score > other.score)
    }
}

/// Indices of the candidates that no other one beats in cost or score without being worse in the other, from cheap to
/// dear. Equals stand side by side; a candidate with NaN takes no part.
pub fn pareto_front(candidates: &[Candidate]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len())
        .filter(|&index| !candidates[index].cost.is_nan() && !candidates[index].score.is_nan())
        .collect();
    // Cheap first, and the best of equally cheap ones first: a later one is beaten exactly if the best so far beats it.
    order.sort_by(|&a, &b| {
        let (a, b) = (&candidates[a], &candidates[b]);
        a.cost.total_cmp(&b.cost).then(b.score.total_cmp(&a.score))
    });
    let mut front: Vec<usize> = Vec::new();
    for index in order {
        let beaten = front.last().is_some_and(|&best| candidates[best].dominates(&candidates[index]));
        if !beaten {
            front.push(index);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(pairs: &[(f64, f64)]) -> Vec<Candidate> {
        pairs.iter().map(|&(cost, score)| Candidate { cost, score }).collect()
    }

    #[test]
    fn keeps_what_nothing_beats() {
        let front =
            pareto_front(&candidates(&[(3.0, 0.9), (1.0, 0.8), (2.0, 0.7), (2.0, 0.85), (4.0, 0.9), (1.0, 0.8)]));
        assert_eq!(front, [1, 5, 3, 0]);
        assert_eq!(pareto_front(&candidates(&[(1.0, f64::NAN), (2.0, 0.1)])), [1]);
        assert!(pareto_front(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn holds_exactly_the_undominated(pairs in prop::collection::vec((0u8..6, 0u8..6), 0..30)) {
            let all = candidates(&pairs.iter().map(|&(c, s)| (f64::from(c), f64::from(s))).collect::<Vec<_>>());
            let mut front = pareto_front(&all);
            front.sort_unstable();
            let expected: Vec<usize> =
                (0..all.len()).filter(|&i| !all.iter().any(|other| other.dominates(&all[i]))).collect();
            prop_assert_eq!(front, expected);
        }
    }
}
