//! What a page draws its samples on: the axes of a design, and those of a search's space.

use serde_json::{Value, json};
use sweep::metrics::Metric;
use sweep::spec::{Coordinate, Dimension, Distribution, Point, SearchRecord, SearchSettings, TriedPoint};

use crate::report_support::{Arm, Fake};
use crate::support::Served;

fn axes(fake: Fake) -> (Value, Value) {
    let address = format!("/api/sweeps/{}", fake.name);
    let plan = Served::sweeps(&[fake]).json(&address)["plan"].take();
    (plan["axes"].clone(), plan["configurations"].clone())
}

#[test]
fn a_grid_has_an_axis_for_what_it_varies() {
    let arm = |rank: usize, dropout: f64| {
        Arm::new(&format!("rank={rank}, dropout={dropout}"), 0.9, |spec| {
            spec.rank = rank;
            // Another parameter follows it: both are one axis.
            (spec.hidden_dropout, spec.classifier_dropout) = (dropout, dropout);
        })
    };
    let (axes, _) = axes(Fake::new("grid", vec![arm(16, 0.1), arm(16, 0.3), arm(4, 0.1), arm(4, 0.3)]));
    let expected = json!([
        { "name": "rank", "levels": ["4", "16"], "of": [1, 1, 0, 0] },
        { "name": "hidden_dropout, classifier_dropout", "levels": ["0.1", "0.3"], "of": [0, 1, 0, 1] },
    ]);
    assert_eq!(axes, expected);
}

#[test]
fn a_search_has_the_axes_of_its_space() {
    let dimension = |name: &str, distribution| Dimension { name: name.to_owned(), distribution, when: None };
    let schedulers = ["cosine", "linear"].map(str::to_owned).to_vec();
    let space = vec![
        dimension("learning_rate", Distribution::LogUniform { low: 1e-5, high: 1e-2 }),
        dimension("rank", Distribution::Int { low: 2, high: 64 }),
        dimension("lr_scheduler", Distribution::Choice(schedulers)),
        dimension("warmup_ratio", Distribution::Uniform { low: 0.0, high: 0.3 }),
    ];
    let samples = [
        (
            "a",
            [
                Some(Coordinate::Number(2e-4)),
                Some(Coordinate::Number(8.0)),
                Some(Coordinate::Choice(0)),
                Some(Coordinate::Number(0.12)),
            ],
        ),
        ("b", [Some(Coordinate::Number(5e-3)), Some(Coordinate::Number(64.0)), Some(Coordinate::Choice(1)), None]),
    ];
    let points = samples.iter().map(|(configuration, point)| TriedPoint {
        configuration: (*configuration).to_owned(),
        point: Point(point.to_vec()).recorded(&space),
    });
    let points = points.collect();
    let mut fake = Fake::new("search", vec![Arm::new("a", 0.9, |_| {}), Arm::new("b", 0.8, |spec| spec.rank = 64)]);
    let settings = SearchSettings {
        method: "random".to_owned(),
        samples: 2,
        batch: 2,
        seed: 0,
        metric: Metric::ACCURACY,
        seeds: vec![1, 2, 3],
        initial: Vec::new(),
        confirm: None,
        stop: None,
        budget: None,
    };
    fake.search = Some((SearchRecord { settings, space }, points));
    let (axes, configurations) = axes(fake);
    assert_eq!(configurations, json!(["a", "b"]));
    let expected = json!([
        { "name": "learning_rate", "low": 1e-5, "high": 1e-2, "log": true, "whole": false, "of": [2e-4, 5e-3] },
        { "name": "rank", "low": 2.0, "high": 64.0, "log": false, "whole": true, "of": [8, 64] },
        { "name": "lr_scheduler", "levels": ["cosine", "linear"], "of": [0, 1] },
        { "name": "warmup_ratio", "low": 0.0, "high": 0.3, "log": false, "whole": false, "of": [0.12, null] },
    ]);
    assert_eq!(axes, expected);
}
