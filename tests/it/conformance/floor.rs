//! How many cases pass, and how many must.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Mutex,
    thread::{self, available_parallelism},
};

use super::{
    case::{self, Case, Step},
    compare::Difference,
    database::fixture,
    player::play,
};

/// How many differences of an area are shown.
const SHOWN: usize = 10;

/// What became of the cases of an area.
#[derive(Debug, Default)]
struct Area {
    passed: usize,
    failed: Vec<(String, Difference)>,
    /// Where the original errs: how often we err alike, and how often not.
    same: usize,
    differs: usize,
}

/// What became of all.
#[derive(Debug, Default)]
struct Score(BTreeMap<String, Area>);

impl Score {
    fn note(&mut self, case: &Case, outcome: Result<(), Difference>) {
        let area = self.0.entry(case.area.clone()).or_default();
        match (outcome, &case.quirk) {
            (Ok(()), None) => area.passed += 1,
            (Ok(()), Some(_)) => area.same += 1,
            (Err(difference), None) => area.failed.push((case.id.clone(), difference)),
            (Err(_), Some(_)) => area.differs += 1,
        }
    }

    /// The areas that pass fewer than they must.
    fn sunk(&self, floor: &Floor) -> Vec<String> {
        let passed = |area: &str| self.0.get(area).map_or(0, |area| area.passed);
        floor
            .iter()
            .filter(|(area, least)| passed(area) < **least)
            .map(|(area, least)| format!("{area}: {} of {least}", passed(area)))
            .collect()
    }

    /// The first differences, or all, and the table.
    fn report(&self, floor: &Floor, all: bool) -> String {
        let mut lines = Vec::new();
        for (name, area) in &self.0 {
            let shown = if all { area.failed.len() } else { SHOWN };
            for (id, difference) in area.failed.iter().take(shown) {
                lines.push(format!("FAIL  {id}: {difference}"));
            }
            if area.failed.len() > shown {
                lines.push(format!("FAIL  {name}: {} more", area.failed.len() - shown));
            }
            if floor
                .get(name.as_str())
                .is_some_and(|least| *least < area.passed)
            {
                lines.push(format!("{name}: the floor may rise to {}", area.passed));
            }
        }
        lines.push(format!("\n{self}"));
        lines.join("\n")
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16} {:>7} {:>7} {:>12} {:>13}",
            "area", "passed", "failed", "quirk same", "quirk differs"
        )?;
        let mut line = |area: &str, counts: [usize; 4]| {
            let [passed, failed, same, differs] = counts;
            writeln!(
                f,
                "{area:<16} {passed:>7} {failed:>7} {same:>12} {differs:>13}"
            )
        };
        let mut all = [0; 4];
        let counted = self.0.iter().map(|(name, area)| {
            (
                name,
                [area.passed, area.failed.len(), area.same, area.differs],
            )
        });
        for (name, counts) in counted {
            line(name, counts)?;
            for (sum, count) in all.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        line("all", all)
    }
}

/// The fewest cases of each area that must pass.
type Floor = BTreeMap<&'static str, usize>;

fn floor() -> Floor {
    include_str!("../../conformance/floor.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let area = words.next().expect("an area");
            let passed = words.next().and_then(|number| number.parse().ok());
            (area, passed.expect("a number of cases"))
        })
        .collect()
}

/// Plays cases, several at a time; those that sleep do so beside one another.
fn play_all(cases: &[Case]) -> Score {
    let fixture = fixture();
    let score = Mutex::new(Score::default());
    let sleeps = |case: &&Case| {
        case.steps
            .iter()
            .any(|step| matches!(step, Step::Sleep { .. }))
    };
    let (sleepers, others): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(sleeps);
    let others = Mutex::new(others.into_iter());
    let one = |case: &Case| {
        let outcome = play(case, &fixture);
        score
            .lock()
            .expect("a case that panics is caught")
            .note(case, outcome);
    };
    let next = || others.lock().expect("nothing panics here").next();
    thread::scope(|threads| {
        for case in sleepers {
            threads.spawn(|| one(case));
        }
        for _ in 0..available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                while let Some(case) = next() {
                    one(case);
                }
            });
        }
    });
    score.into_inner().expect("a case that panics is caught")
}

#[test]
fn the_kitchen_answers_as_django_tastypie_did() {
    let only = std::env::var("CONFORMANCE_ONLY").ok();
    let mut cases = case::all();
    if let Some(only) = &only {
        cases.retain(|case| case.area == *only || case.id.starts_with(only.as_str()));
    }

    let score = play_all(&cases);

    let mut floor = floor();
    if only.is_some() {
        floor.clear();
    }
    println!("{}", score.report(&floor, only.is_some()));
    let sunk = score.sunk(&floor);
    assert!(
        sunk.is_empty(),
        "fewer cases pass than did before: {sunk:?}"
    );
}
