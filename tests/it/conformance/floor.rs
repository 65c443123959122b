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
    database::Fixture,
    player::play,
};

/// How many differences are shown of an area that passes too few.
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
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
fn floor() -> BTreeMap<&'static str, usize> {
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
    let fixture = Fixture::new();
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

    let floor = floor();
    let mut sunk = Vec::new();
    for (name, area) in &score.0 {
        let least = floor.get(name.as_str()).copied().unwrap_or_default();
        let too_few = area.passed < least && only.is_none();
        let shown = if too_few { SHOWN } else { usize::MAX };
        for (id, difference) in area.failed.iter().take(shown) {
            println!("FAIL  {id}: {difference}");
        }
        if too_few {
            sunk.push(format!(
                "{name}: {} passed, the floor is {least}",
                area.passed
            ));
        } else if area.passed > least && only.is_none() {
            println!(
                "{name}: {} passed, the floor of {least} may rise",
                area.passed
            );
        }
    }
    println!(
        "{:<16} {:>7} {:>7} {:>12} {:>13}",
        "area", "passed", "failed", "quirk same", "quirk differs"
    );
    println!("{score}");
    assert!(
        sunk.is_empty(),
        "fewer cases pass than did before:\n{}",
        sunk.join("\n")
    );
}
