//! The table that is printed.

use std::time::Duration;

/// What came of a test.
#[derive(Default)]
pub struct Row {
    pub test: String,
    pub runs: usize,
    pub passed: usize,
    /// By how much a limit was overshot, in all runs.
    pub overshoot: usize,
    pub worst_latency: Duration,
    /// How many rows were lost whose requests were answered.
    pub rows_lost: usize,
}

impl Row {
    pub fn holds(&self) -> bool {
        self.passed == self.runs
    }
}

pub fn print(rows: &[Row]) {
    println!(
        "| {:<58} | {:>4} | {:>6} | {:>9} | {:>13} | {:>9} |",
        "test", "runs", "passed", "overshoot", "worst latency", "rows lost"
    );
    println!(
        "|{:-<60}|{:->6}|{:->8}|{:->11}|{:->15}|{:->11}|",
        "", ":", ":", ":", ":", ":"
    );
    for row in rows {
        println!(
            "| {:<58} | {:>4} | {:>6} | {:>9} | {:>10} ms | {:>9} |",
            row.test,
            row.runs,
            row.passed,
            row.overshoot,
            row.worst_latency.as_millis(),
            row.rows_lost
        );
    }
}
