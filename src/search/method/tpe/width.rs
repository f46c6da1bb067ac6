//! How wide the kernels of a density are.

/// By what the widths of kernels are chosen.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    /// As wide as the larger distance to a neighbour, the ends of the range being neighbours of a point that has no other. The
    /// narrowest is a hundredth of the range, or more where there are few points: the range divided by `narrowness` times their
    /// number.
    Neighbours { narrowness: f64 },
    /// All alike: this part of the range, times the number of points to the power of -1 / (dimensions + 4) (Scott, "Multivariate
    /// Density Estimation", 1992).
    Even { part: f64 },
}

impl Width {
    /// Standard deviations of the kernels around values between the two ends.
    pub fn of(self, values: &[f64], ends: (f64, f64), dimensions: usize) -> Vec<f64> {
        match self {
            Width::Neighbours { narrowness } => by_neighbours(values, ends, narrowness),
            Width::Even { part } => {
                let shrunk = (values.len() as f64).powf(-1.0 / (dimensions as f64 + 4.0));
                vec![part * (ends.1 - ends.0) * shrunk; values.len()]
            }
        }
    }
}

fn by_neighbours(values: &[f64], (low, high): (f64, f64), narrowness: f64) -> Vec<f64> {
    let count = values.len();
    let range = high - low;
    let narrowest = range / (narrowness * count as f64 + 2.0).min(100.0);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut widths = vec![0.0; count];
    for (place, &point) in order.iter().enumerate() {
        let value = values[point];
        let left = place.checked_sub(1).map(|before| value - values[order[before]]);
        let right = order.get(place + 1).map(|&after| values[after] - value);
        let width = match (left, right) {
            (None, None) => (value - low).max(high - value),
            (left, right) => left.unwrap_or(0.0).max(right.unwrap_or(0.0)),
        };
        widths[point] = width.clamp(narrowest, range);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_reach_to_their_neighbours() {
        let near = Width::Neighbours { narrowness: 1.0 };
        let widths = near.of(&[0.9, 0.1, 0.3], (0.0, 1.0), 1);
        for (width, expected) in widths.iter().zip([0.6, 0.2, 0.6]) {
            assert!((width - expected).abs() < 1e-12, "{widths:?}");
        }
        // The only one reaches to the farther end; those that are close together are as wide as few points allow.
        assert_eq!(near.of(&[0.75], (0.0, 1.0), 1), [0.75]);
        assert_eq!(near.of(&[0.5, 0.5], (0.0, 1.0), 1), [0.25, 0.25]);
    }

    #[test]
    fn even_kernels_shrink_with_the_number_of_points() {
        let even = Width::Even { part: 0.2 };
        assert_eq!(even.of(&[0.5], (0.0, 10.0), 4), [2.0]);
        let many = even.of(&[0.5; 256], (0.0, 10.0), 4);
        assert!(many.iter().all(|width| (width - 1.0).abs() < 1e-12), "{many:?}");
    }
}
