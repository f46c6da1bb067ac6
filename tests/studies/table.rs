//! What a study found, as Markdown for people and CSV for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sweep::metrics::Verdict;
use sweep::spec::Metric;

use crate::design::Split;
use crate::judging::{Claimed, Correction, Kind, Outcome, PEEKS, When};
use crate::rates::Rate;

/// What became of claims of one kind.
pub struct Row {
    /// None: of all.
    split: Option<Split>,
    metric: Metric,
    claimed: Claimed,
    when: When,
    correction: Correction,
    /// Parts of families: each has seeds, and so runs, of its own.
    families: usize,
    /// As if claims were independent, and by families.
    wrong: (Rate, Rate),
    supported: Rate,
    /// Of intervals, those that contain the true difference.
    covered: Rate,
    /// Parts of families with at least one wrong verdict.
    families_wrong: Rate,
}

pub fn rows(found: &[(Kind, Outcome)]) -> Vec<Row> {
    let mut by_kind = BTreeMap::new();
    for (kind, outcome) in found {
        for split in [None, Some(kind.split)] {
            let key = (kind.metric, kind.when, split, kind.correction, kind.claimed);
            // Parts of a family share no run, nor do families of different splits.
            let cluster = (10 * outcome.family + outcome.part) * Split::ALL.len() + kind.split as usize;
            by_kind.entry(key).or_insert_with(Vec::new).push((cluster, *outcome));
        }
    }
    let row = |((metric, when, split, correction, claimed), outcomes): (_, Vec<(usize, Outcome)>)| {
        let rate = |hit: &dyn Fn(&Outcome) -> Option<bool>| {
            let hits: Vec<_> = outcomes.iter().filter_map(|(cluster, one)| Some((*cluster, hit(one)?))).collect();
            Rate::by_family(&hits)
        };
        let is_wrong = |outcome: &Outcome| Claimed::is_wrong(claimed, outcome.verdict);
        let clusters = |hit: &dyn Fn(&Outcome) -> bool| {
            outcomes.iter().filter(|(_, one)| hit(one)).map(|(cluster, _)| *cluster).collect::<BTreeSet<_>>().len()
        };
        let by_family = rate(&|outcome| Some(is_wrong(outcome)));
        let families = clusters(&|_| true);
        Row {
            split,
            metric,
            claimed,
            when,
            correction,
            families,
            wrong: (Rate::of_independent(by_family.count, by_family.of), by_family),
            supported: rate(&|outcome| Some(outcome.verdict == Verdict::Supported)),
            covered: rate(&|outcome| outcome.covers),
            families_wrong: Rate::of_independent(clusters(&is_wrong), families),
        }
    };
    by_kind.into_iter().map(row).collect()
}

pub fn markdown(rows: &[Row]) -> String {
    let of = |correction| rows.iter().filter(move |row| row.correction == correction);
    let mut text = String::from(ALONE);
    for row in of(Correction::Alone).filter(|row| row.claimed == Claimed::Higher) {
        let (exact, by_family) = row.wrong;
        let [equivalent, not_lower] = [Claimed::Equivalent, Claimed::NotLower].map(|claimed| {
            let same = |other: &&Row| (other.metric, other.when, other.split) == (row.metric, row.when, row.split);
            of(Correction::Alone).filter(same).find(|other| other.claimed == claimed).map_or_else(no_claim, |other| {
                format!("{} wrong {} ; {} supported", other.wrong.0.count, range(other.wrong.0), share(other.supported))
            })
        });
        writeln!(
            text,
            "| {} | {} | {} {} | {} | {equivalent} | {not_lower} |",
            start(row),
            exact.of,
            share(exact),
            range(exact),
            range(by_family)
        )
        .unwrap();
    }
    text.push_str(FAMILIES);
    for row in of(Correction::Family).filter(|row| row.claimed == Claimed::Higher) {
        let all = Claimed::ALL.map(|claimed| {
            let same = |other: &&Row| (other.metric, other.when, other.split) == (row.metric, row.when, row.split);
            of(Correction::Family).filter(same).find(|other| other.claimed == claimed).map_or_else(no_claim, |other| {
                let wrong = format!("{} {}", other.families_wrong.count, range(other.families_wrong));
                if claimed == Claimed::Higher { wrong } else { format!("{wrong}; {}", share(other.supported)) }
            })
        });
        writeln!(text, "| {} | {} | {} |", start(row), row.families, all.join(" | ")).unwrap();
    }
    text.push_str(INTERVALS);
    for row in of(Correction::Alone).filter(|row| row.claimed == Claimed::Higher) {
        let covered = row.covered;
        writeln!(text, "| {} | {} | {} {} |", start(row), covered.of, share(covered), range(covered)).unwrap();
    }
    text
}

const ALONE: &str = "\
### One claim

The claim is the only one of its sweep. At most 5 % wrong verdicts are promised. In brackets the exact interval.

| metric | judged with | rows held out | claims | `higher`: wrong | by family | `equivalent` | `not_lower` |
|:--|:--|:--|--:|--:|--:|--:|--:|
";

const FAMILIES: &str = "
### Families of 12 claims with Holm's correction

Promised is that at most 5 % of families have any wrong verdict. Shown is how many have (exact interval), and of the true claims the
share that is supported.

| metric | judged with | rows held out | families | `higher` | `equivalent` | `not_lower` |
|:--|:--|:--|--:|--:|--:|--:|
";

const INTERVALS: &str = "
### Intervals

How often the interval of the difference contains the true one, 0 (in brackets by family). Its level is 95 %, of declared looks that
of the look.

| metric | judged with | rows held out | intervals | contain 0 |
|:--|:--|:--|--:|--:|
";

fn no_claim() -> String {
    "–".to_owned()
}

/// The first cells of a row.
fn start(row: &Row) -> String {
    let when = match row.when {
        When::Fixed(seeds) => format!("{seeds} seeds"),
        When::Peeking => format!("{} peeks", PEEKS.len()),
        When::Looks => format!("{} declared looks", PEEKS.len()),
    };
    let split = row.split.map_or("both", Split::name);
    format!("{} | {when} | {split}", row.metric.name().replace('_', " "))
}

/// `1.3 %`
fn share(rate: Rate) -> String {
    format!("{:.1} %", 100.0 * rate.share())
}

/// `[0.4–3.4]`
fn range(rate: Rate) -> String {
    format!("[{:.1}–{:.1}]", 100.0 * rate.low, 100.0 * rate.high)
}

pub fn csv(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = "metric,judged,split,claim,correction,claims,families,wrong,wrong_low_exact,wrong_high_exact,\
                  wrong_low_by_family,wrong_high_by_family,supported,supported_low,supported_high,intervals,covered,\
                  covered_low,covered_high,families_wrong,families_wrong_low,families_wrong_high";
    writer.write_record(header.split(',')).unwrap();
    for row in rows {
        let when = match row.when {
            When::Fixed(seeds) => format!("fixed_{seeds}"),
            When::Peeking => "peeks".to_owned(),
            When::Looks => "declared_looks".to_owned(),
        };
        let (exact, by_family) = row.wrong;
        let mut fields = vec![
            row.metric.name().to_owned(),
            when,
            row.split.map_or("both", Split::name).to_owned(),
            row.claimed.name().to_owned(),
            if row.correction == Correction::Alone { "none" } else { "holm" }.to_owned(),
            exact.of.to_string(),
            row.families.to_string(),
            exact.count.to_string(),
        ];
        let number = |share: f64| format!("{share:.5}");
        fields.extend([exact.low, exact.high, by_family.low, by_family.high].map(number));
        for (rate, with_total) in [(row.supported, false), (row.covered, true), (row.families_wrong, false)] {
            fields.extend(with_total.then(|| rate.of.to_string()));
            fields.push(rate.count.to_string());
            fields.extend([rate.low, rate.high].map(number));
        }
        writer.write_record(&fields).unwrap();
    }
    writer.into_inner().unwrap()
}
