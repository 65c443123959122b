//! The page of differences and the recorded cases in which the original errs name each other.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/src/differences.md");
const CASES: &str = include_str!("../conformance/cases.jsonl");

/// The ids of the recorded cases in which the original errs.
fn quirks() -> BTreeSet<String> {
    let cases = CASES.lines().filter(|line| !line.trim().is_empty());
    cases
        // JSON has no infinity, which one of the rows holds.
        .map(|line| line.replace(", Infinity]", ", null]"))
        .map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap())
        .filter(|case| case.get("quirk").is_some())
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The ids that the page names, with those that it names twice: the words in the last cells of the tables whose last
/// column is called "cases".
fn named() -> Vec<String> {
    let mut named = Vec::new();
    let mut in_table = false;
    for line in PAGE.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let last = cells.last().copied().unwrap_or_default();
        if !line.starts_with('|') {
            in_table = false;
        } else if last == "cases" {
            in_table = true;
        } else if in_table && !last.starts_with("---") {
            assert_eq!(cells.len(), 4, "a row needs four cells: {line}");
            named.extend(last.split('`').skip(1).step_by(2).map(ToOwned::to_owned));
        }
    }
    named
}

#[test]
fn the_page_tells_of_each_recorded_case_in_which_the_original_errs_once() {
    let named = named();

    let once: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(once, quirks());
    assert_eq!(named.len(), once.len(), "named twice: {named:?}");
}
