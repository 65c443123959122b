//! A process that ends, of itself or not.

use std::{
    collections::HashSet,
    io::Write as _,
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tastyrs::test::TestDatabase;

use super::load::{Load, load};
use crate::{examples::Example, support::Db};

fn database() -> TestDatabase<Db> {
    TestDatabase::temporary().sql(
        "PRAGMA journal_mode=WAL;
         CREATE TABLE auth_user (id integer PRIMARY KEY, username text NOT NULL);
         CREATE TABLE core_note (id integer PRIMARY KEY, title text NOT NULL, slug text NOT NULL, content text NOT NULL,
             is_active bool NOT NULL, created datetime NOT NULL, updated datetime NOT NULL, author_id integer NULL);
         INSERT INTO core_note VALUES (7, 'Note', 'note', 'alpha', 1, '2026-08-02 21:25:13', '2026-08-02 21:25:13', NULL);",
    )
}

/// The bench, which writes its accesses down.
fn bench(database: &TestDatabase<Db>, throttle_at: usize, written: &str) -> Example {
    let url = format!("sqlite://{}", database.url());
    let throttle_at = throttle_at.to_string();
    let arguments = [
        "--database",
        &url,
        "--throttle-at",
        &throttle_at,
        "--written",
        written,
    ];
    Example::start("bench", &arguments)
}

fn wait_for(answers: &AtomicUsize, count: usize) {
    let waited = Instant::now();
    while answers.load(Ordering::SeqCst) < count && waited.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn rows(database: &TestDatabase<Db>) -> HashSet<String> {
    let rows = database.rows("SELECT url FROM tastypie_apiaccess");
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[0].as_str().unwrap().to_owned())
        .collect()
}

fn no_answer_is_cut_and_each_has_its_row(written: &str, signal: &str) {
    let database = database();
    let mut bench = bench(&database, 1_000_000, written);

    let Load { answered, cut, .. } = load(bench.port(), 6, 0, |answers| {
        wait_for(answers, 200);
        bench.signal(signal);
    });
    let status = bench.wait();

    let rows = rows(&database);
    let lost: Vec<_> = answered.difference(&rows).collect();
    assert!(status.success(), "{status}");
    assert!(answered.len() >= 200, "{} answers", answered.len());
    assert!(cut.is_empty(), "cut: {cut:?}");
    assert!(
        lost.is_empty(),
        "{} of {} lost: {lost:?}",
        lost.len(),
        answered.len()
    );
}

#[test]
fn sigterm_under_load_loses_nothing() {
    no_answer_is_cut_and_each_has_its_row("before", "TERM");
}

#[test]
fn sigint_under_load_loses_nothing() {
    no_answer_is_cut_and_each_has_its_row("before", "INT");
}

#[test]
fn rows_behind_their_answers_are_written_before_the_process_ends() {
    // Nothing but the end writes them: a minute is longer than the test.
    no_answer_is_cut_and_each_has_its_row("60000", "TERM");
    no_answer_is_cut_and_each_has_its_row("60000", "INT");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let database = database();
    let mut bench = bench(&database, 10, "before");
    let mut slow = TcpStream::connect(("127.0.0.1", bench.port())).unwrap();
    // Its body never comes, which is waited for half a minute.
    slow.write_all(b"POST /api/v1/notes/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));

    bench.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    let waits = bench.is_running();
    let began = Instant::now();
    bench.signal("INT");
    let status = bench.wait();

    assert!(waits, "it waits for the request");
    assert_eq!(status.code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_process_that_is_killed_loses_no_answered_call_and_counts_on() {
    let database = database();
    let mut answered = HashSet::new();
    for round in 0..3 {
        let mut bench = bench(&database, 1_000_000, "before");
        let load = load(bench.port(), 6, round, |answers| {
            wait_for(answers, 100);
            bench.signal("KILL");
        });
        bench.wait();
        answered.extend(load.answered);
    }

    let rows = rows(&database);
    let limit = rows.len();
    let lost: Vec<_> = answered.difference(&rows).collect();
    let more = bench(&database, limit + 2, "before");
    let statuses = [0, 1, 2].map(|_| more.get("/api/v1/notes/7/").status());

    assert!(answered.len() >= 300, "{} answers", answered.len());
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_eq!(
        statuses,
        [200, 200, 429],
        "the limit counts on from {limit} rows"
    );
}
