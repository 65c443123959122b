//! Whole lists of a million rows, in flat memory.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read, Write as _},
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
        // The first line of CSV are the names of columns.
        let names = usize::from(file.starts_with("export.csv"));
        let notes = sent.lines.saturating_sub(names);
        rows.push(Row {
            test: format!(
                "{on}: {file} of {ROWS} rows, within {} MiB",
                MOST_KIB / 1024
            ),
            runs: 1,
            passed: usize::from(grown <= MOST_KIB && notes == ROWS),
            worst_latency: sent.longest,
            rows_lost: ROWS.saturating_sub(notes),
            ..Row::default()
        });
    }
    Ok(rows)
}

struct Sent {
    bytes: usize,
    lines: usize,
    /// The longest that nothing came.
    longest: Duration,
}

/// A connection that remembers how long it was silent.
struct Timed {
    stream: TcpStream,
    longest: Duration,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let asked = Instant::now();
        let read = self.stream.read(buffer);
        self.longest = self.longest.max(asked.elapsed());
        read
    }
}

/// Reads an answer in chunks to its end; one that is cut off is an error.
fn read(server: &LiveServer, file: &str) -> Outcome<Sent> {
    let mut stream = TcpStream::connect(server.address())?;
    write!(
        stream,
        "GET /api/v1/notes/{file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )?;
    let timed = Timed {
        stream,
        longest: Duration::ZERO,
    };
    let mut answer = BufReader::with_capacity(64 * 1024, timed);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            return Err(format!("{file}: no answer").into());
        }
    }
    let (mut bytes, mut lines, mut chunk) = (0, 0, Vec::new());
    loop {
        line.clear();
        answer.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim_end(), 16)
            .map_err(|error| format!("{file}: cut off after {lines} lines, {error}"))?;
        // Its line end is none of the file.
        chunk.resize(length + 2, 0);
        answer.read_exact(&mut chunk)?;
        if length == 0 {
            break;
        }
        bytes += length;
        lines += chunk[..length]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
    }
    Ok(Sent {
        bytes,
        lines,
        longest: answer.get_ref().longest,
    })
}

/// What the system says of this process's memory.
fn kib(of: &str) -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(of));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("no such line")?.parse()?)
}
