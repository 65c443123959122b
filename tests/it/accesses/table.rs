//! What the table says and how it is pruned, on any database.

use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::connection::SimpleConnection as _;
use tastyrs::{
    database::Dialect,
    django::{AccessTable, Period, Retention, UsageQuery},
    prelude::*,
    test::{Clock, TestDatabase},
    throttle::AccessLog,
};

use crate::support::Db;

const DAY: i64 = 86_400;
/// What a manual clock shows first: 2024-01-01T00:00:00Z.
const START: i64 = 1_704_067_200;

/// An empty table that goes by a clock.
fn empty<DB: Dialect>(database: &Database<DB>, clock: &Clock) -> AccessTable<DB> {
    let table = AccessTable::new(database.clone()).clock(clock.clone());
    table.recent(0, &[], &mut |_| {}).unwrap();
    table
}

/// Writes accesses to `/api/v1/notes/` down, by whom and how long after the start of the clock.
fn write<DB: Dialect>(
    database: &Database<DB>,
    rows: impl IntoIterator<Item = (&'static str, i64)>,
) {
    let values: Vec<String> = rows
        .into_iter()
        .map(|(identifier, secs)| {
            format!(
                "('{identifier}', '/api/v1/notes/?n={secs}', 'get', {})",
                START + secs
            )
        })
        .collect();
    for values in values.chunks(500) {
        let insert = format!(
            "INSERT INTO tastypie_apiaccess (identifier, url, request_method, accessed) VALUES {}",
            values.join(", ")
        );
        database.run(|db| Ok(db.batch_execute(&insert)?)).unwrap();
    }
}

/// The ages of all rows at or after a second, in the order in which a restart reads them.
fn read<DB: Dialect>(table: &AccessTable<DB>, since: i64, address: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let addresses = [address.to_owned()];
    table
        .recent(START + since, &addresses, &mut |row| {
            found.push(row.accessed_secs - START);
        })
        .unwrap();
    found
}

fn moment(year: i32, month: u32, day: u32, hour: u32) -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    day.and_hms_opt(hour, 0, 0).unwrap()
}

pub fn calls_are_counted_by_caller_and_period<DB: Dialect>(database: &Database<DB>) {
    let clock = Clock::manual();
    let table = empty(database, &clock);
    clock.advance_secs(40 * 86_400);
    let leap = 29 * DAY;
    write(
        database,
        [
            ("ada", 30 * DAY - 1),
            ("ada", 30 * DAY),
            ("ada", 30 * DAY + 3_599),
        ],
    );
    write(
        database,
        [
            ("ada", 30 * DAY + 3_600),
            ("brian", 30 * DAY + 5),
            ("ada", leap + 60 * DAY),
        ],
    );
    write(database, [("ada", 31 * DAY)]);
    let used = |query: UsageQuery| {
        let used = table.usage(&query).unwrap();
        used.into_iter()
            .map(|used| (used.start, used.identifier, used.calls))
            .collect::<Vec<_>>()
    };
    let of = |start, who: &str, calls| (start, who.to_owned(), calls);

    let days = used(UsageQuery::new(Period::Day).until(moment(2024, 2, 5, 0)));
    let hours = used(
        UsageQuery::new(Period::Hour)
            .identifier("ada")
            .from(moment(2024, 1, 31, 0))
            .until(moment(2024, 2, 1, 0)),
    );
    let months = used(UsageQuery::new(Period::Month));
    let first = used(UsageQuery::new(Period::Month).limit(1));
    let nobody = used(UsageQuery::new(Period::Month).identifier("chloé"));

    assert_eq!(
        days,
        [
            of(moment(2024, 1, 30, 0), "ada", 1),
            of(moment(2024, 1, 31, 0), "ada", 3),
            of(moment(2024, 1, 31, 0), "brian", 1),
            of(moment(2024, 2, 1, 0), "ada", 1),
        ]
    );
    assert_eq!(
        hours,
        [
            of(moment(2024, 1, 31, 0), "ada", 2),
            of(moment(2024, 1, 31, 1), "ada", 1),
        ]
    );
    assert_eq!(
        months,
        [
            of(moment(2024, 1, 1, 0), "ada", 4),
            of(moment(2024, 1, 1, 0), "brian", 1),
            of(moment(2024, 2, 1, 0), "ada", 1),
            of(moment(2024, 3, 1, 0), "ada", 1),
        ]
    );
    assert_eq!((first.len(), nobody.len()), (1, 0));
}

pub fn rows_are_read_again_page_by_page_and_oldest_first<DB: Dialect>(database: &Database<DB>) {
    let table = empty(database, &Clock::manual());
    // Old ones, then some whose clock was wrong, then the window: more than two pages.
    write(database, (0..3_000).map(|n| ("old", n)));
    write(database, (0..200).map(|n| ("wrong", n)));
    write(database, (0..5_000).map(|n| ("ada", 10 * DAY + n)));
    let expected: Vec<i64> = (0..4_500).map(|n| 10 * DAY + 500 + n).collect();

    let found = read(&table, 10 * DAY + 500, "/v1/notes/");

    assert_eq!(found, expected);
    assert_eq!(read(&table, 10 * DAY, "/v1/authors/"), [0; 0]);
    assert_eq!(read(&table, 100 * DAY, "/v1/notes/"), [0; 0]);
}

pub fn rows_are_pruned_by_age_and_by_number_but_not_within_a_window<DB: Dialect>(
    database: &Database<DB>,
) {
    let clock = Clock::manual();
    let table = empty(database, &clock);
    clock.advance_secs(10 * 86_400);
    // One an hour, and at the end one a second.
    write(database, (0..235).map(|n| ("ada", n * 3_600)));
    write(database, (0..4_000).map(|n| ("ada", 10 * DAY - 4_000 + n)));
    let kept = || read(&table, 0, "/v1/notes/");
    let days = |days: u64| Duration::from_secs(days * 86_400);

    let nothing = table.prune(&Retention::new()).unwrap();
    let by_age = table.prune(&Retention::new().keep_for(days(3))).unwrap();
    let after_age = kept();
    let by_number = table.prune(&Retention::new().max_rows(3_000)).unwrap();
    let after_number = kept();
    table.must_keep(Duration::from_secs(600));
    let within = table
        .prune(&Retention::new().keep_for(Duration::ZERO).max_rows(10))
        .unwrap();
    let after_within = kept();

    assert_eq!(nothing, 0);
    assert_eq!(by_age, 168);
    assert_eq!(after_age[0], 7 * DAY);
    assert_eq!(by_number, 4_067 - 3_000);
    assert_eq!(
        (after_number.len(), after_number[0]),
        (3_000, 10 * DAY - 3_000)
    );
    assert_eq!(within, 2_399);
    assert_eq!(after_within[0], 10 * DAY - 601);
}

#[test]
fn usage_on_sqlite() {
    calls_are_counted_by_caller_and_period(&TestDatabase::<Db>::temporary().database());
}

#[test]
fn reading_on_sqlite() {
    rows_are_read_again_page_by_page_and_oldest_first(&TestDatabase::<Db>::temporary().database());
}

#[test]
fn pruning_on_sqlite() {
    rows_are_pruned_by_age_and_by_number_but_not_within_a_window(
        &TestDatabase::<Db>::temporary().database(),
    );
}

#[test]
fn an_api_prunes_by_itself() {
    let database = TestDatabase::<Db>::temporary();
    empty(&database.database(), &Clock::manual());
    write(&database.database(), (0..1_500).map(|n| ("ada", n)));
    let rows = || database.rows("SELECT count(*) FROM tastypie_apiaccess")[0][0].clone();

    let api = Api::new("v1")
        .database(database.database())
        .retention(Retention::new().max_rows(20))
        .build()
        .unwrap();
    let waited = std::time::Instant::now();
    while rows() != 20 && waited.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }

    assert_eq!(rows(), 20);
    drop(api);
}
