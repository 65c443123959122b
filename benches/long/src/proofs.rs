//! What the tests of the throttle show with a few cases, with a hundred thousand.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use crate::{Outcome, Row};

const CASES: &str = "100000";

/// All orders in which threads may come, as far as shuttle tries them.
pub fn schedules() -> Outcome<Vec<Row>> {
    let mut tests = tests("tests::schedules");
    tests
        .env("TASTYRS_SCHEDULES", CASES)
        .env("RUSTFLAGS", "--cfg shuttle")
        .args(["--target-dir", "target/shuttle"]);
    run(tests, "schedules of threads")
}

/// Sequences of calls against a model of tastypie's algorithm.
pub fn sequences() -> Outcome<Vec<Row>> {
    let mut tests = tests("tests::model::at_");
    tests.env("PROPTEST_CASES", CASES);
    run(tests, "sequences of calls against a model")
}

fn tests(of: &str) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .args(["test", "--release", "-p", "tastyrs-throttle", "--lib", of]);
    command
}

fn run(mut tests: Command, what: &str) -> Outcome<Vec<Row>> {
    let started = Instant::now();
    let output = tests.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    print_time(what, started.elapsed());
    let rows: Vec<Row> = text
        .lines()
        .filter_map(|line| line.strip_prefix("test "))
        .filter_map(|line| line.split_once(" ... "))
        .map(|(name, said)| Row {
            test: name
                .rsplit("::")
                .next()
                .unwrap_or(name)
                .chars()
                .take(58)
                .collect(),
            runs: 100_000,
            passed: if said == "ok" { 100_000 } else { 0 },
            ..Row::default()
        })
        .collect();
    if rows.is_empty() || !output.status.success() && rows.iter().all(Row::holds) {
        return Err(format!("no {what}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(rows)
}

fn print_time(what: &str, took: Duration) {
    eprintln!("{CASES} {what} of each test in {} s", took.as_secs());
}
