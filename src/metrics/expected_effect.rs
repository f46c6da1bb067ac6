//! What a hypothesis allows the effect to be.

use serde::{Deserialize, Serialize};

/// The claimed direction of treatment minus baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    Lower,
    Higher,
    NotHigher,
    NotLower,
    Equivalent,
}

/// The kind of number that a metric is: decides the margin where a hypothesis gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Accuracy, precision, recall, F1, confidence.
    Share,
    /// A loss or a gap between losses, in nats.
    Loss,
    /// A number of epochs.
    Epochs,
    /// From -1 to 1.
    Correlation,
}

impl Scale {
    /// The smallest difference that a reader would act on, by default: one point of a share (about the standard error of an
    /// accuracy of 92.8 % on 640 examples), 0.02 nats, half an epoch, 0.05 of a correlation.
    pub fn default_margin(self) -> f64 {
        match self {
            Scale::Share => 0.01,
            Scale::Loss => 0.02,
            Scale::Epochs => 0.5,
            Scale::Correlation => 0.05,
        }
    }
}

/// A claim about an effect (treatment minus baseline): the true effect lies in an open range.
///
/// | expectation  | claimed effect        | default margin m                  |
/// |--------------|-----------------------|-----------------------------------|
/// | `higher`     | more than m           | 0                                 |
/// | `lower`      | less than -m          | 0                                 |
/// | `not_higher` | less than m           | [`Scale::default_margin`]         |
/// | `not_lower`  | more than -m          | [`Scale::default_margin`]         |
/// | `equivalent` | between -m and m      | [`Scale::default_margin`]         |
///
/// `not_higher` and `not_lower` need a margin above 0: with none, an effect of exactly zero lies on the range's edge and
/// no amount of data could support the claim. With equal margins `not_higher` claims what `higher` denies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExpectedEffect {
    expectation: Expectation,
    margin: f64,
}

/// A margin that makes no claim.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MarginError {
    #[error("margin {0}: it must be a finite number, at least 0, in units of the metric")]
    Margin(f64),
    #[error("margin 0: two configurations can only be shown to differ by less than a margin above 0")]
    NoMargin,
}

/// Where an effect lies with respect to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Within,
    Edge,
    Outside,
}

impl ExpectedEffect {
    /// `margin` is in units of the metric; none: the default of the table above.
    pub fn new(expectation: Expectation, margin: Option<f64>, scale: Scale) -> Result<Self, MarginError> {
        let directed = matches!(expectation, Expectation::Higher | Expectation::Lower);
        let margin = margin.unwrap_or(if directed { 0.0 } else { scale.default_margin() });
        if !margin.is_finite() || margin < 0.0 {
            return Err(MarginError::Margin(margin));
        }
        if margin == 0.0 && !directed {
            return Err(MarginError::NoMargin);
        }
        Ok(Self { expectation, margin })
    }

    pub fn expectation(&self) -> Expectation {
        self.expectation
    }

    /// In units of the metric.
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// The claimed effects lie strictly between these; infinite where there is no bound.
    pub fn range(&self) -> (f64, f64) {
        match self.expectation {
            Expectation::Higher => (self.margin, f64::INFINITY),
            Expectation::Lower => (f64::NEG_INFINITY, -self.margin),
            Expectation::NotHigher => (f64::NEG_INFINITY, self.margin),
            Expectation::NotLower => (-self.margin, f64::INFINITY),
            Expectation::Equivalent => (-self.margin, self.margin),
        }
    }

    pub(super) fn side(&self, effect: f64) -> Side {
        let (low, high) = self.range();
        if low < effect && effect < high {
            Side::Within
        } else if effect < low || high < effect {
            Side::Outside
        } else {
            Side::Edge
        }
    }

    /// The finite bound of the claimed range that is nearest to `effect`.
    pub(super) fn nearest_edge(&self, effect: f64) -> f64 {
        let (low, high) = self.range();
        // A distance to an infinite bound is infinite, so the finite one wins.
        if (effect - low).abs() < (high - effect).abs() { low } else { high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directions_go_without_a_margin() {
        let margin = |expectation, scale| ExpectedEffect::new(expectation, None, scale).unwrap().margin();
        assert_eq!(margin(Expectation::Higher, Scale::Share), 0.0);
        assert_eq!(margin(Expectation::NotHigher, Scale::Share), 0.01);
        assert_eq!(margin(Expectation::Equivalent, Scale::Epochs), 0.5);
        let given = |expectation, margin| ExpectedEffect::new(expectation, Some(margin), Scale::Share);
        assert_eq!(given(Expectation::NotLower, 0.0), Err(MarginError::NoMargin));
        assert_eq!(given(Expectation::Equivalent, -0.1), Err(MarginError::Margin(-0.1)));
        assert!(given(Expectation::Higher, f64::NAN).is_err());
    }

    #[test]
    fn finds_the_nearest_edge() {
        let edge = |expectation, effect| {
            ExpectedEffect::new(expectation, Some(0.5), Scale::Share).unwrap().nearest_edge(effect)
        };
        assert_eq!(edge(Expectation::Equivalent, 0.1), 0.5);
        assert_eq!(edge(Expectation::Equivalent, -2.0), -0.5);
        assert_eq!(edge(Expectation::Higher, -7.0), 0.5);
        assert_eq!(edge(Expectation::Lower, 7.0), -0.5);
    }

    #[test]
    fn an_effect_on_the_edge_is_on_neither_side() {
        let claim = ExpectedEffect::new(Expectation::Higher, None, Scale::Share).unwrap();
        assert_eq!([0.1, 0.0, -0.1].map(|effect| claim.side(effect)), [Side::Within, Side::Edge, Side::Outside]);
    }
}
