//! What packs are planned for, and how runs are planned into them.

use crate::execute::{DeviceKind, MemoryLimit, PlanOptions, Sharing, plan_packs, relative_duration};
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
    /// Most places in a pack of runs that share nothing; at least 1.
    pub max_pack: usize,
    /// Most places in a pack of runs that share layers.
    pub most_sharing: usize,
}

impl Packing {
    pub fn read(record: &PackingRecord) -> Self {
        let kind = DeviceKind::from_name(&record.device);
        let max_pack = record.max_pack.max(1);
        Self { kind, memory: record.memory, max_pack, most_sharing: record.most_sharing.unwrap_or(max_pack) }
    }

    pub fn record(self) -> PackingRecord {
        let device = if self.kind.is_gpu() { "cuda" } else { "cpu" };
        let most_sharing = Some(self.most_sharing).filter(|most| *most != self.max_pack);
        PackingRecord { device: device.to_owned(), memory: self.memory, max_pack: self.max_pack, most_sharing }
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
        let layers = |run: &PlannedRun| inputs.source(&run.spec).map(|source| source.config.layers());
        let sharing = Some(Sharing { most: self.most_sharing, layers: &layers });
        plan_packs(segments, &PlanOptions { max_pack: self.max_pack, sharing, duration: &duration, memory })
    }
}
