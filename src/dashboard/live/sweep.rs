//! One sweep as it stands, and how it is looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::event::EpochRecord;
use crate::spec::PackId;
use crate::store::{ExecutorKind, RunView, Store, StoreError, Watched};

use super::asked::{Asked, Line};
use super::cell::Cell;
use super::change::{Change, Changes};
use super::memory::Memory;
use super::plan::Plan;
use super::row::{self, curve_value, curves};
use super::texts::Interned;
use super::totals::Totals;

/// One sweep as it stands. Cloning shares what is large.
#[derive(Clone, Debug)]
pub struct LiveSweep {
    pub folder: PathBuf,
    pub store: Store,
    pub plan: Arc<Plan>,
    pub totals: Totals,
    /// Runs that have ended: what evidence is weighed of.
    pub ended: usize,
    /// Grows with every change.
    pub version: u64,
    pub changes: Changes,
    pub epochs: Vec<Arc<Vec<EpochRecord>>>,
    rows: Vec<Arc<Vec<Cell>>>,
    texts: Interned,
    requests: Arc<Vec<Line>>,
}

/// What a page gets of a sweep.
#[derive(Serialize)]
struct Snapshot<'a> {
    version: u64,
    plan: &'a Plan,
    totals: &'a Totals,
    texts: &'a [String],
    rows: Vec<&'a [Cell]>,
    requests: &'a [Line],
}

impl LiveSweep {
    /// The whole state, without curves.
    ///
    /// # Errors
    /// There is none: all of it has a form in JSON.
    pub fn snapshot(&self) -> serde_json::Result<String> {
        let (plan, totals, texts) = (&*self.plan, &self.totals, self.texts.list());
        let rows = self.rows.iter().map(|row| row.as_slice()).collect();
        let requests = &self.requests;
        serde_json::to_string(&Snapshot { version: self.version, plan, totals, texts, rows, requests })
    }

    /// The values of curves by run: `names`, each a list of the runs' lists.
    pub fn curves(&self, names: &[&str]) -> Value {
        let of_run = |name: &str, epochs: &[EpochRecord]| -> Vec<Cell> {
            epochs.iter().map(|record| curve_value(record, name)).collect()
        };
        let of = |name: &str| self.epochs.iter().map(|epochs| of_run(name, epochs)).collect::<Vec<_>>();
        let curves: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(of(name)))).collect();
        json!({ "version": self.version, "curves": curves })
    }
}

/// A sweep that is looked at.
#[derive(Debug)]
pub struct Looker {
    watched: Watched,
    memory: Memory,
    asked: Asked,
    /// Versions begin after this one.
    after: u64,
    now: Option<LiveSweep>,
}

impl Looker {
    /// `after`: no version of this sweep that was published is later.
    ///
    /// # Errors
    /// The folder holds no sweep that can be read.
    pub fn open(folder: &Path, after: u64) -> Result<Self, StoreError> {
        Ok(Self {
            watched: Watched::open(folder)?,
            memory: Memory::default(),
            asked: Asked::default(),
            after,
            now: None,
        })
    }

    /// Looks at the files. The sweep as it is now, where anything changed.
    ///
    /// # Errors
    /// The folder or its plan cannot be read.
    pub fn look(&mut self) -> Result<Option<LiveSweep>, StoreError> {
        let look = self.watched.look()?;
        let store = self.watched.store().clone();
        let requests = Arc::new(self.asked.look(&store).to_vec());
        let mut changed = look.changed;
        let measured = self.memory.look(&store);
        changed.extend(places_in(self.watched.views(), &measured));
        changed.sort_unstable();
        changed.dedup();
        let is_same = self.now.as_ref().is_some_and(|now| now.requests == requests);
        if changed.is_empty() && !look.replanned && is_same {
            return Ok(None);
        }
        let next = match self.now.take() {
            Some(now) if !look.replanned => self.changed(now, &store, &changed, requests),
            before => self.whole(&store, before.map_or(self.after, |before| before.version), requests),
        };
        self.now = Some(next.clone());
        Ok(Some(next))
    }

    /// Whether something of it is still to be trained, or was asked for.
    pub fn is_open(&self) -> bool {
        self.asked.is_stale(self.watched.store())
            || self.watched.views().iter().any(|view| !view.removed && !view.state.is_final())
    }

    fn ended(&self) -> usize {
        self.watched.views().iter().filter(|view| view.state.is_final()).count()
    }

    /// The whole state, after version `before` of it.
    fn whole(&mut self, store: &Store, before: u64, requests: Arc<Vec<Line>>) -> LiveSweep {
        let invented = store.record().executor == ExecutorKind::Mock;
        let plan = Plan::new(store.record(), invented, self.watched.views());
        let mut texts = Interned::default();
        let rows = (0..self.watched.views().len()).map(|place| Arc::new(self.row(place, &plan, store, &mut texts)));
        LiveSweep {
            folder: store.layout().folder().to_owned(),
            rows: rows.collect(),
            totals: Totals::of(store, self.watched.views()),
            ended: self.ended(),
            store: store.clone(),
            plan: Arc::new(plan),
            version: before + 1,
            changes: Changes::default(),
            epochs: self.watched.epochs().to_vec(),
            texts,
            requests,
        }
    }

    fn changed(&mut self, mut now: LiveSweep, store: &Store, places: &[usize], requests: Arc<Vec<Line>>) -> LiveSweep {
        let known_texts = now.texts.list().len();
        let (mut rows, mut epochs) = (serde_json::Map::new(), serde_json::Map::new());
        for &place in places {
            let row = self.row(place, &now.plan, store, &mut now.texts);
            if *now.rows[place] != row {
                rows.insert(place.to_string(), json!(row));
                now.rows[place] = Arc::new(row);
            }
            let next = &self.watched.epochs()[place];
            if let Some(grown) = grown(&now.epochs[place], next) {
                epochs.insert(place.to_string(), grown);
            }
            now.epochs[place] = Arc::clone(next);
        }
        now.totals = Totals::of(store, self.watched.views());
        now.ended = self.ended();
        now.version += 1;
        let texts = json!({ "from": known_texts, "list": &now.texts.list()[known_texts..] });
        now.requests = requests;
        let change = json!({
            "version": now.version,
            "totals": now.totals,
            "texts": texts,
            "rows": rows,
            "epochs": epochs,
            "requests": now.requests.as_slice(),
        });
        now.changes.push(Change { version: now.version, json: change.to_string().into() });
        now.store = store.clone();
        now
    }

    fn row(&mut self, place: usize, plan: &Plan, store: &Store, texts: &mut Interned) -> Vec<Cell> {
        let view = &self.watched.views()[place];
        let memory = view.pack.as_ref().filter(|_| view.state.is_final());
        let memory = memory.and_then(|pack| self.memory.per_run(store, pack));
        row::row(view, memory, plan.metric, plan.tested, texts)
    }
}

/// The places of the runs in these packs.
fn places_in<'a>(views: &'a [RunView], packs: &'a [PackId]) -> impl Iterator<Item = usize> + 'a {
    let is_in = |view: &RunView| view.pack.as_ref().is_some_and(|pack| packs.contains(pack));
    views.iter().enumerate().filter(move |(_, view)| !packs.is_empty() && is_in(view)).map(|(place, _)| place)
}

/// The epochs that are there now and were not, or were others: the number of epochs that stay, and the values of the others in the
/// order of [`curves`]. None where nothing changed.
fn grown(before: &[EpochRecord], now: &[EpochRecord]) -> Option<Value> {
    let same = before.iter().zip(now).take_while(|(a, b)| alike(a, b)).count();
    if same == before.len() && same == now.len() {
        return None;
    }
    let names = curves();
    let values = |record: &EpochRecord| names.iter().map(|name| curve_value(record, name)).collect::<Vec<_>>();
    Some(json!([same, now[same..].iter().map(values).collect::<Vec<_>>()]))
}

/// Losses that are no number are alike, too.
fn alike(a: &EpochRecord, b: &EpochRecord) -> bool {
    curves().into_iter().all(|name| curve_value(a, name) == curve_value(b, name))
}
