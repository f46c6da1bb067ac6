//! What packs are planned for, and how runs are planned into them.

use crate::execute::{DeviceKind, MemoryLimit, PlanOptions, plan_packs, relative_duration};
use crate::spec::{PackPlan, PlannedRun, Segment};
use crate::store::PackingRecord;

use super::cost::Costs;
use super::preflight::Preflight;

/// What packs are planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    pub kind: DeviceKind,
    /// Bytes of a device's memory that packs may take; none where that is not known.
    pub memory: Option<u64>,
    /// Most places in a pack; at least 1.
    pub max_pack: usize,
}

impl Packing {
    pub fn read(record: &PackingRecord) -> Self {
        let kind = DeviceKind::from_name(&record.device);
        Self { kind, memory: record.memory, max_pack: record.max_pack.max(1) }
    }

    pub fn record(self) -> PackingRecord {
        let device = if self.kind.is_gpu() { "cuda" } else { "cpu" };
        PackingRecord { device: device.to_owned(), memory: self.memory, max_pack: self.max_pack }
    }

    /// Plans what is to be trained of runs into packs.
    pub fn packs(self, inputs: &Preflight, segments: &[Segment]) -> Vec<PackPlan> {
        let duration = |run: &PlannedRun| relative_duration(&run.spec, None);
        let costs = Costs::new(inputs, self.kind);
        let shared = |run: &PlannedRun| costs.estimate(&run.spec).map_or(0, |cost| cost.frozen + cost.kept);
        let per_run = |run: &PlannedRun| costs.estimate(&run.spec).map_or(0, |cost| cost.footprint.run);
        // One run after the other fits or does not, whatever is known about it.
        let budget = self.memory.filter(|_| self.max_pack > 1);
        let memory = budget.map(|budget| MemoryLimit { budget, shared: &shared, per_run: &per_run });
        plan_packs(segments, &PlanOptions { max_pack: self.max_pack, duration: &duration, memory })
    }
}
