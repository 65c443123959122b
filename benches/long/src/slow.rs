//! A request that takes a second, on every worker and on all connections but one: what else is asked is answered at once.

use std::{
    fs,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::{prelude::*, test::LiveServer};

use crate::{Outcome, Row};

const WORKERS: usize = 2;
const CONNECTIONS: u32 = 8;
/// The longest that anything else may take.
const LONGEST: Duration = Duration::from_millis(20);
/// How often each address is asked.
const ASKED: usize = 20;

diesel::table! {
    mark (id) {
        id -> Integer,
        writer -> Integer,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = mark, check_for_backend(Sqlite))]
pub struct Mark {
    id: i32,
    writer: i32,
}

#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "marks", filtering(writer = [exact]))]
pub struct MarkResource;

#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "slow", hooks)]
pub struct SlowResource;

impl Hooks for SlowResource {
    fn authorized_read_list(&self, list: Self::List, _: &Request) -> Result<Self::List> {
        // It holds a thread and a connection, as a statement does that waits for a server.
        std::thread::sleep(Duration::from_secs(1));
        Ok(list)
    }
}

pub fn run() -> Outcome<Vec<Row>> {
    let path =
        std::env::temp_dir().join(format!("tastyrs-long-{}-slow.sqlite3", std::process::id()));
    let options = DatabaseOptions::default().max_connections(CONNECTIONS);
    let database = Database::<Sqlite>::open_with(path.to_string_lossy(), options)?;
    database.run(|db| {
        Ok(db.batch_execute(
            "CREATE TABLE mark (id integer PRIMARY KEY, writer integer NOT NULL); INSERT INTO mark VALUES (1, 1), (2, 1);",
        )?)
    })?;
    let api = Api::new("v1")
        .database(database)
        .register(MarkResource)
        .register(SlowResource)
        .build()?;
    let served = LiveServer::with_workers(&api, WORKERS);

    let mut rows = Vec::new();
    for (name, method, path, status) in [
        ("an object by its key", "GET", "/api/v1/marks/1/", 200),
        ("a filtered list", "GET", "/api/v1/marks/?writer=1", 200),
        ("a refused request", "DELETE", "/api/v1/marks/1/", 401),
        ("a route without rows", "GET", "/api/v1/", 200),
    ] {
        served.request(method, path, &[]);
        rows.push(beside(
            &served,
            name,
            (method, path, status),
            CONNECTIONS - 1,
        ));
    }
    // The rest waits for a connection: see the book, `databases.md`.
    let key = ("GET", "/api/v1/marks/1/", 200);
    rows.push(beside(
        &served,
        "the same by its key, no connection free",
        key,
        CONNECTIONS,
    ));
    drop(served);
    for behind in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{behind}", path.display()));
    }
    Ok(rows)
}

/// Asks for something while so many slow requests run.
fn beside(
    served: &LiveServer,
    name: &str,
    (method, path, status): (&str, &str, u16),
    slow: u32,
) -> Row {
    std::thread::scope(|threads| {
        for _ in 0..slow {
            threads.spawn(|| served.get("/api/v1/slow/").status());
        }
        std::thread::sleep(Duration::from_millis(300));
        let mut row = Row {
            test: format!("{name}, beside {slow} that take a second"),
            runs: ASKED,
            ..Row::default()
        };
        for _ in 0..ASKED {
            let asked = Instant::now();
            let answer = served.request(method, path, &[]);
            let took = asked.elapsed();
            row.passed += usize::from(answer.status() == status && took < LONGEST);
            row.worst_latency = row.worst_latency.max(took);
        }
        row
    })
}
