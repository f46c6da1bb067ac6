//! A point of a search space.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::distribution::{Coordinate, Distribution};

/// A parameter, or a named change, that a search varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    pub name: String,
    pub distribution: Distribution,
    /// Where it applies, for people to read; none: everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A value for every dimension; none where the dimension does not apply, so that base's value holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Point(pub Vec<Option<Coordinate>>);

/// A point as files have it: numbers, and choices as the sweep file shows them, by the names of dimensions. One that does not
/// apply is left out.
pub type RecordedPoint = Map<String, Value>;

/// A point that a search has tried, in a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriedPoint {
    /// The label of its runs without their seeds.
    pub configuration: String,
    pub point: RecordedPoint,
}

impl Point {
    pub fn recorded(&self, dimensions: &[Dimension]) -> RecordedPoint {
        let entry = |(dimension, coordinate): (&Dimension, &Option<Coordinate>)| {
            let value = match (coordinate.as_ref()?, &dimension.distribution) {
                (Coordinate::Number(number), _) => whole_or_real(*number),
                (Coordinate::Choice(choice), Distribution::Choice(choices)) => choices.get(*choice)?.as_str().into(),
                (Coordinate::Choice(_), _) => return None,
            };
            Some((dimension.name.clone(), value))
        };
        dimensions.iter().zip(&self.0).filter_map(entry).collect()
    }

    /// None: it is of another space.
    pub fn read(recorded: &RecordedPoint, dimensions: &[Dimension]) -> Option<Point> {
        if recorded.keys().any(|name| !dimensions.iter().any(|dimension| dimension.name == *name)) {
            return None;
        }
        let coordinate = |dimension: &Dimension| {
            let Some(value) = recorded.get(&dimension.name) else {
                return Some(None);
            };
            Some(Some(match (&dimension.distribution, value) {
                (Distribution::Choice(choices), Value::String(shown)) => {
                    Coordinate::Choice(choices.iter().position(|choice| choice == shown)?)
                }
                (Distribution::Choice(_), _) => return None,
                (_, value) => Coordinate::Number(value.as_f64()?),
            }))
        };
        dimensions.iter().map(coordinate).collect::<Option<Vec<_>>>().map(Point)
    }
}

fn whole_or_real(number: f64) -> Value {
    /// Up to here every whole number is one of these.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT { (number as i64).into() } else { number.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_back() {
        let dimensions = [
            Dimension {
                name: "learning_rate".to_owned(),
                distribution: Distribution::LogUniform { low: 1e-5, high: 1e-3 },
                when: None,
            },
            Dimension { name: "rank".to_owned(), distribution: Distribution::Int { low: 1, high: 9 }, when: None },
            Dimension {
                name: "lr_scheduler".to_owned(),
                distribution: Distribution::Choice(vec!["cosine".to_owned(), "linear".to_owned()]),
                when: None,
            },
            Dimension {
                name: "warmup_ratio".to_owned(),
                distribution: Distribution::Uniform { low: 0.0, high: 1.0 },
                when: None,
            },
        ];
        let point = Point(vec![
            Some(Coordinate::Number(3.1e-5)),
            Some(Coordinate::Number(8.0)),
            Some(Coordinate::Choice(1)),
            None,
        ]);
        let recorded = point.recorded(&dimensions);
        let text = serde_json::to_string(&recorded).unwrap();
        assert_eq!(text, r#"{"learning_rate":0.000031,"rank":8,"lr_scheduler":"linear"}"#);
        let read: RecordedPoint = serde_json::from_str(&text).unwrap();
        assert_eq!(Point::read(&read, &dimensions), Some(point));
        assert_eq!(Point::read(&read, &dimensions[..2]), None);
    }
}
