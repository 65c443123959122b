//! A server that is killed under load.
//!
//! Each run starts a server over the table that the one before it left behind, with room for some more calls than are in
//! it, has clients call it, and kills it: in every other run when the limit was reached, else sooner. Every call that
//! was answered must have its row, and there must be no more rows than the limit.

#[path = "../../../../tests/it/accesses/load.rs"]
mod load;
pub mod server;
mod store;

use std::{collections::HashSet, time::Duration};

use self::{server::Server, store::Store};
use crate::{Outcome, Row};

/// How many calls a run may make until it meets the limit.
const ROOM: usize = 600;
const CLIENTS: usize = 8;

pub fn run() -> Outcome<Vec<Row>> {
    let mut rows = vec![killed(
        "kill -9, SQLite, before the answer",
        &Store::sqlite()?,
        200,
        "before",
    )?];
    match Store::postgres() {
        Ok(store) => rows.push(killed(
            "kill -9, PostgreSQL, before the answer",
            &store,
            20,
            "before",
        )?),
        Err(error) => eprintln!("skipped: no PostgreSQL: {error}"),
    }
    for millis in ["10", "100", "1000"] {
        let test = format!("kill -9, SQLite, {millis} ms behind the answer");
        rows.push(killed(&test, &Store::sqlite()?, 10, millis)?);
    }
    Ok(rows)
}

fn killed(test: &str, store: &Store, runs: usize, written: &str) -> Outcome<Row> {
    let mut row = Row {
        test: test.to_owned(),
        runs,
        ..Row::default()
    };
    let (mut answered, mut before) = (HashSet::new(), 0);
    for run in 0..runs {
        let limit = before + ROOM;
        let mut server = Server::start(&store.url(), limit, written)?;
        let enough = if run % 2 == 0 {
            ROOM + 50
        } else {
            100 + run * 7 % 400
        };
        let loaded = load::load(server.port(), CLIENTS, run, |answers| {
            server.kill_after(answers, enough);
        });
        answered.extend(loaded.answered);
        row.worst_latency = row.worst_latency.max(loaded.worst);
        let kept = store.urls()?;
        let lost = answered.difference(&kept).count();
        // Where rows may be lost, they are lost once.
        answered.retain(|url| kept.contains(url));
        let overshoot = kept.len().saturating_sub(limit);
        let may_lose = written != "before";
        row.passed +=
            usize::from((lost == 0 || may_lose) && overshoot == 0 && loaded.cut.is_empty());
        row.rows_lost += lost;
        row.overshoot += overshoot;
        before = kept.len();
    }
    Ok(row)
}

/// How long a server may take to listen.
const STARTS_WITHIN: Duration = Duration::from_secs(60);
