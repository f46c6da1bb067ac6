//! Observations: statements about the runs of one configuration.

use sweep::spec::{Against, Expectation, Observation};

use crate::support::{file, problems, sweep};

fn with(observation: &str) -> String {
    format!("ablate: {{epochs: [8]}}\nobservations: [{{id: o, claim: It is seen., {observation}}}]\n")
}

fn only(observation: &str) -> Observation {
    let mut observations = sweep(&with(observation)).observations;
    assert_eq!(observations.len(), 1);
    observations.remove(0)
}

#[test]
fn an_observation_is_about_base_unless_another_configuration_is_named() {
    let seen = only("observe: accuracy@last, against: accuracy@3, expect: equivalent, margin: 0.005");
    assert_eq!((seen.configuration.as_str(), seen.expect, seen.margin), ("base", Expectation::Equivalent, Some(0.005)));
    assert_eq!(seen.observe.to_string(), "accuracy@last");
    assert!(matches!(&seen.against, Against::Quantity(quantity) if quantity.to_string() == "accuracy@3"));
    let other = only("configuration: epochs=8, observe: accuracy@7, against: 0.9, expect: higher");
    assert_eq!((other.configuration.as_str(), other.against), ("epochs=8", Against::Value(0.9)));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let message = |observation: &str| problems(&with(observation));
    assert!(message("observe: accuracy@7, against: 0.9, expect: higher").contains("`base` has only 5 epochs"));
    assert!(message("observe: acuracy, against: 0.9, expect: higher").contains("did you mean `accuracy`"));
    assert!(message("observe: accuracy, against: 0.9, expect: equivalent").contains("needs a `margin` above 0"));
    assert!(message("observe: accuracy, against: 0.9").contains("lacks `expect`"));
    let unknown = message("configuration: epochs=9, observe: accuracy, against: 0.9, expect: higher");
    assert!(
        unknown.contains("observations[0].configuration") && unknown.contains("did you mean `epochs=8`"),
        "{unknown}"
    );
    let grid = problems(
        "grid: {rank: [8, 32]}\nobservations: [{id: o, claim: c, observe: accuracy, against: 0.9, expect: higher}]",
    );
    assert!(grid.contains("base itself is no run"), "{grid:?}");
}

#[test]
fn two_observations_of_the_same_id_are_refused() {
    let one = "{id: o, claim: c, observe: accuracy, against: 0.9, expect: higher}";
    let found = problems(&format!("observations: [{one}, {one}]"));
    assert!(found.contains("another observation is called `o`, too"), "{found:?}");
}

#[test]
fn fewer_epochs_by_an_option_are_no_error() {
    let mut file = file(&with("observe: accuracy@3, against: 0.9, expect: higher"));
    file.set("epochs=2").unwrap();
    assert!(file.resolve(&crate::support::FakeFacts::default()).is_ok());
}
