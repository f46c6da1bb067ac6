//! What the mock pretends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sweep::spec::{LrScheduler, RunId, RunSpec};

use super::fault::{MockFault, MockFaultKind};

/// How good a fully trained run is: its probability to classify an example right, as a function of its parameters.
pub type Ability = Arc<dyn Fn(&RunSpec) -> f64 + Send + Sync>;

/// What the mock pretends.
#[derive(Clone)]
pub struct MockSettings {
    pub device: String,
    pub train_examples: usize,
    pub eval_examples: usize,
    /// Of data sets with a test.
    pub test_examples: usize,
    pub class_names: Vec<String>,
    /// See [`default_ability`].
    pub ability: Ability,
    /// The same on the test examples, where that differs.
    pub test_ability: Option<Ability>,
    /// Standard deviation of the ability over seeds, as a probability.
    pub seed_spread: f64,
    /// Share of what makes an example hard that all runs see alike, between 0 and 1: errors of two runs are correlated
    /// that much, as those of real classifiers are.
    pub shared_difficulty: f64,
    /// Share that runs of the same seed see alike, on top.
    pub seed_difficulty: f64,
    /// Slept before every step.
    pub step_delay: Duration,
    /// Places that the pretended memory holds.
    pub memory_places: usize,
    pub faults: Vec<MockFault>,
}

impl Default for MockSettings {
    fn default() -> Self {
        Self {
            device: "mock".into(),
            train_examples: 240,
            eval_examples: 160,
            test_examples: 320,
            class_names: ["World", "Sports", "Business", "Sci/Tech"].map(String::from).to_vec(),
            ability: Arc::new(default_ability),
            test_ability: None,
            seed_spread: 0.004,
            shared_difficulty: 0.7,
            seed_difficulty: 0.05,
            step_delay: Duration::ZERO,
            memory_places: usize::MAX,
            faults: Vec::new(),
        }
    }
}

impl MockSettings {
    /// The fault that strikes a run after `step` optimizer steps.
    pub(super) fn fault(&self, run: &RunId, step: usize) -> Option<&MockFaultKind> {
        self.faults.iter().find(|fault| &fault.run == run && fault.step == step).map(|fault| &fault.kind)
    }
}

impl fmt::Debug for MockSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockSettings")
            .field("device", &self.device)
            .field("train_examples", &self.train_examples)
            .field("eval_examples", &self.eval_examples)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// A landscape with the usual shape: a best learning rate with losses on both sides, diminishing returns of rank, small
/// penalties for much dropout and long warm-up. Numbers are made up.
pub fn default_ability(spec: &RunSpec) -> f64 {
    let off_rate = (spec.learning_rate / 5e-4).ln().abs();
    let off_rank = 1.0 / (1.0 + spec.rank as f64);
    let much = |value: f64, enough: f64| (value - enough).max(0.0);
    let schedule = match spec.lr_scheduler {
        LrScheduler::Cosine => 0.0,
        LrScheduler::Linear => 0.001,
        LrScheduler::Constant => 0.004,
    };
    let loss = 0.012 * off_rate
        + 0.08 * off_rank
        + 0.05 * much(spec.lora_dropout, 0.1)
        + 0.05 * much(spec.hidden_dropout, 0.2)
        + 0.03 * much(spec.attention_dropout, 0.2)
        + 0.04 * much(spec.warmup_ratio, 0.2)
        + 0.002 * much((spec.batch_size as f64).log2(), 5.0)
        + schedule;
    (0.93 - loss).clamp(0.3, 0.99)
}
