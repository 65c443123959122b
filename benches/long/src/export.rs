//! Whole lists of a million rows, in flat memory.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, pg::Pg, prelude::*, sqlite::Sqlite};
use tastyrs::{api::Mount, prelude::*, test::LiveServer};

use crate::{Outcome, Row};

const ROWS: usize = 1_000_000;
/// By how much memory may grow.
const MOST_KIB: u64 = 16 * 1024;

diesel::table! {
    note (id) {
        id -> Integer,
        title -> Text,
        content -> Text,
        created -> Timestamp,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Sqlite, Pg))]
pub struct Note {
    id: i32,
    title: String,
    content: String,
    #[model(default = now)]
    created: chrono::NaiveDateTime,
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", backend = Sqlite, ordering(id, title), export(ndjson, csv))]
pub struct FileResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", backend = Pg, ordering(id, title), export(ndjson, csv))]
pub struct ServerResource;

const TABLE: &str = "
    CREATE TABLE note (id integer PRIMARY KEY, title varchar(80) NOT NULL, content text NOT NULL, created timestamp NOT NULL);
    CREATE INDEX note_title ON note (title, id);";

pub fn run() -> Outcome<Vec<Row>> {
    let mut rows = on_sqlite()?;
    match on_postgres() {
        Ok(more) => rows.extend(more),
        Err(error) => eprintln!("export: not on PostgreSQL: {error}"),
    }
    Ok(rows)
}

fn on_sqlite() -> Outcome<Vec<Row>> {
    let path = std::env::temp_dir().join(format!(
        "tastyrs-long-{}-export.sqlite3",
        std::process::id()
    ));
    let database = Database::<Sqlite>::open(path.to_string_lossy())?;
    database.run(|db| {
        Ok(db.batch_execute(&format!(
            "{TABLE} BEGIN;
             INSERT INTO note
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
             SELECT i, 'note ' || ((i * 7919) % 1000), hex(randomblob(60)), '2010-03-19 01:18:01' FROM n;
             COMMIT;"
        ))?)
    })?;
    let api = Api::new("v1")
        .database(database)
        .register(FileResource)
        .build()?;
    let rows = measured("SQLite", &api);
    drop(api);
    for behind in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{behind}", path.display()));
    }
    rows
}

fn on_postgres() -> Outcome<Vec<Row>> {
    let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
    let name = format!("tastyrs_long_export_{}", std::process::id());
    let mut admin = PgConnection::establish(&format!("{server}/postgres"))?;
    admin.batch_execute(&format!("CREATE DATABASE {name}"))?;
    let rows = (|| {
        let url = format!("{server}/{name}");
        // On a connection of its own, to which no time-out was told.
        PgConnection::establish(&url)?.batch_execute(&format!(
            "{TABLE}
             INSERT INTO note SELECT i, 'note ' || ((i::bigint * 7919) % 1000), repeat(md5(i::text), 4), '2010-03-19 01:18:01'
             FROM generate_series(1, {ROWS}) AS i;
             ANALYZE note;"
        ))?;
        let database = Database::<Pg>::open(url)?;
        let api = Api::new("v1")
            .database(database)
            .register(ServerResource)
            .build()?;
        measured("PostgreSQL", &api)
    })();
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))?;
    rows
}

fn measured(on: &str, api: &Mount) -> Outcome<Vec<Row>> {
    let server = LiveServer::new(api);
    let mut rows = Vec::new();
    // What the first requests of a process keep for good is no part of an export.
    for file in [
        "export.ndjson?limit=5000",
        "export.csv?limit=5000",
        "export.ndjson?order_by=title&limit=5000",
    ] {
        read(&server, file)?;
    }
    for file in [
        "export.ndjson",
        "export.csv",
        "export.ndjson?order_by=-title",
    ] {
        let before = kib("VmRSS")?;
        // The most is forgotten.
        fs::write("/proc/self/clear_refs", "5")?;
        let began = Instant::now();
        let sent = read(&server, file)?;
        let (took, grown) = (began.elapsed(), kib("VmHWM")?.saturating_sub(before));
        eprintln!(
            "export: {on}, {file}: {} MiB in {took:?}, {grown} KiB more, lines: {}",
            sent.bytes >> 20,
            sent.lines
        );
        rows.push(Row {
            test: format!(
                "{on}: {file} of {ROWS} rows, within {} MiB",
                MOST_KIB / 1024
            ),
            runs: 1,
            passed: usize::from(grown <= MOST_KIB && sent.is_whole && sent.lines >= ROWS),
            worst_latency: sent.longest,
            rows_lost: ROWS.saturating_sub(sent.lines),
            ..Row::default()
        });
    }
    Ok(rows)
}

struct Sent {
    bytes: usize,
    /// The ends of lines that are no lines of chunks, or all of them in CSV.
    lines: usize,
    is_whole: bool,
    /// The longest that nothing came.
    longest: Duration,
}

fn read(server: &LiveServer, file: &str) -> Outcome<Sent> {
    let mut stream = TcpStream::connect(server.address())?;
    write!(
        stream,
        "GET /api/v1/notes/{file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )?;
    let mut buffer = vec![0; 64 * 1024];
    let mut sent = Sent {
        bytes: 0,
        lines: 0,
        is_whole: false,
        longest: Duration::ZERO,
    };
    let (mut last, mut tail) = (0, Vec::new());
    let is_csv = file.starts_with("export.csv");
    loop {
        let asked = Instant::now();
        let read = stream.read(&mut buffer)?;
        sent.longest = sent.longest.max(asked.elapsed());
        if read == 0 {
            break;
        }
        for byte in &buffer[..read] {
            sent.lines += usize::from(*byte == b'\n' && (last == b'}' || is_csv));
            last = *byte;
        }
        sent.bytes += read;
        tail.extend_from_slice(&buffer[..read]);
        tail.drain(..tail.len().saturating_sub(7));
    }
    sent.is_whole = tail == b"\r\n0\r\n\r\n";
    Ok(sent)
}

/// What the system says of this process's memory.
fn kib(of: &str) -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(of));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no such line")?.parse()?)
}
