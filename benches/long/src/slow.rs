//! Requests that take a second: what else is asked is answered at once.

use std::{
    fs,
    time::{Duration, Instant},
};

use diesel::{
    connection::SimpleConnection as _, dsl::sql, pg::Pg, prelude::*, sql_types::Bool,
    sqlite::Sqlite,
};
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
#[diesel(table_name = mark, check_for_backend(Sqlite, Pg))]
pub struct Mark {
    id: i32,
    writer: i32,
}

#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "marks", backend = Sqlite, filtering(writer = [exact]))]
pub struct FileResource;

#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "marks", backend = Pg, filtering(writer = [exact]))]
pub struct ServerResource;

/// Its hook holds a thread and a connection, and computes nothing.
#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "sleeping", backend = Sqlite, hooks)]
pub struct SleepingResource;

impl Hooks for SleepingResource {
    fn authorized_read_list(&self, list: Self::List, _: &Request) -> Result<Self::List> {
        std::thread::sleep(Duration::from_secs(1));
        Ok(list)
    }
}

/// Its statement keeps a processor busy.
#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "computing", backend = Sqlite, hooks)]
pub struct ComputingResource {
    #[field(skip)]
    rounds: u64,
}

impl Hooks for ComputingResource {
    fn authorized_read_list(&self, list: Self::List, _: &Request) -> Result<Self::List> {
        Ok(list.filter(sql::<Bool>(&counting(self.rounds))))
    }
}

/// Its statement waits on the server.
#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "waiting", backend = Pg, hooks)]
pub struct WaitingResource;

impl Hooks for WaitingResource {
    fn authorized_read_list(&self, list: Self::List, _: &Request) -> Result<Self::List> {
        Ok(list.filter(sql::<Bool>("(SELECT pg_sleep(1) IS NOT NULL)")))
    }
}

/// A condition that SQLite counts for.
fn counting(rounds: u64) -> String {
    format!(
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rounds}) SELECT COUNT(*) FROM n) > 0"
    )
}

const TABLE: &str = "CREATE TABLE mark (id integer PRIMARY KEY, writer integer NOT NULL);
                     INSERT INTO mark VALUES (1, 1), (2, 1);";

pub fn run() -> Outcome<Vec<Row>> {
    let mut rows = on_sqlite()?;
    match on_postgres() {
        Ok(more) => rows.extend(more),
        Err(error) => eprintln!("slow: not on PostgreSQL: {error}"),
    }
    Ok(rows)
}

fn on_sqlite() -> Outcome<Vec<Row>> {
    let path =
        std::env::temp_dir().join(format!("tastyrs-long-{}-slow.sqlite3", std::process::id()));
    let options = DatabaseOptions::default().max_connections(CONNECTIONS);
    let database = Database::<Sqlite>::open_with(path.to_string_lossy(), options)?;
    let rounds = database.run(|db| {
        db.batch_execute(TABLE)?;
        // As many as take a second on this machine.
        let begun = Instant::now();
        db.batch_execute(&format!("SELECT {}", counting(1_000_000)))?;
        Ok(1_000_000_000_000_000 / begun.elapsed().as_nanos().max(1) as u64)
    })?;
    let api = Api::new("v1")
        .database(database)
        .register(FileResource)
        .register(SleepingResource)
        .register(ComputingResource { rounds })
        .build()?;
    let served = LiveServer::with_workers(&api, WORKERS);

    let mut rows = others(&served, "SQLite", "sleeping", CONNECTIONS - 1);
    rows.extend(others(&served, "SQLite", "computing", WORKERS as u32));
    // The rest waits for a connection: see the book, `databases.md`.
    let name = "SQLite, by key, 8 sleeping, no connection free";
    let key = ("GET", "/api/v1/marks/1/", 200);
    rows.push(beside(&served, name, key, ("sleeping", CONNECTIONS)));
    drop(served);
    for behind in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{behind}", path.display()));
    }
    Ok(rows)
}

fn on_postgres() -> Outcome<Vec<Row>> {
    let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
    let name = format!("tastyrs_long_slow_{}", std::process::id());
    let mut admin = PgConnection::establish(&format!("{server}/postgres"))?;
    admin.batch_execute(&format!("CREATE DATABASE {name}"))?;
    let rows = (|| {
        let options = DatabaseOptions::default().max_connections(CONNECTIONS);
        let database = Database::<Pg>::open_with(format!("{server}/{name}"), options)?;
        database.run(|db| Ok(db.batch_execute(TABLE)?))?;
        let api = Api::new("v1")
            .database(database)
            .register(ServerResource)
            .register(WaitingResource)
            .build()?;
        let served = LiveServer::with_workers(&api, WORKERS);
        Ok(others(&served, "PostgreSQL", "waiting", CONNECTIONS - 1))
    })();
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
    rows
}

/// Asks for everything else while so many lists of a slow resource are asked for.
fn others(served: &LiveServer, database: &str, slow: &str, count: u32) -> Vec<Row> {
    [
        ("by key", ("GET", "/api/v1/marks/1/", 200)),
        ("a filter", ("GET", "/api/v1/marks/?writer=1", 200)),
        ("refused", ("DELETE", "/api/v1/marks/1/", 401)),
        ("no rows", ("GET", "/api/v1/", 200)),
    ]
    .map(|(what, asked)| {
        served.request(asked.0, asked.1, &[]);
        let name = format!("{database}, {what}, beside {count} {slow} for 1 s");
        beside(served, &name, asked, (slow, count))
    })
    .into()
}

/// Asks for something while so many slow requests run.
fn beside(
    served: &LiveServer,
    name: &str,
    (method, path, status): (&str, &str, u16),
    (slow, count): (&str, u32),
) -> Row {
    std::thread::scope(|threads| {
        for _ in 0..count {
            threads.spawn(|| served.get(&format!("/api/v1/{slow}/")).status());
        }
        std::thread::sleep(Duration::from_millis(300));
        let mut row = Row {
            test: name.to_owned(),
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
