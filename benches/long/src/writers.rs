//! Eight who write to one file at once: nobody is turned away, and nobody waits long.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::{prelude::*, test::LiveServer};

use crate::{Outcome, Row};

const WRITERS: usize = 8;
/// How many rows each of them makes.
const EACH: usize = 1_000;
/// The longest that one may wait on a machine that is free.
const LONGEST: Duration = Duration::from_millis(250);

diesel::table! {
    mark (id) {
        id -> Integer,
        writer -> Integer,
        number -> Integer,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = mark, check_for_backend(Sqlite))]
pub struct Mark {
    id: i32,
    writer: i32,
    number: i32,
}

#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "marks", authorization = Authorization)]
pub struct MarkResource;

pub fn run() -> Outcome<Vec<Row>> {
    let path = std::env::temp_dir().join(format!(
        "tastyrs-long-{}-writers.sqlite3",
        std::process::id()
    ));
    let database = Database::<Sqlite>::open(path.to_string_lossy())?;
    database.run(|db| {
        Ok(db.batch_execute(
            "CREATE TABLE mark (id integer PRIMARY KEY, writer integer NOT NULL, number integer NOT NULL)",
        )?)
    })?;
    let api = Api::new("v1")
        .database(database.clone())
        .register(MarkResource)
        .build()?;
    let served = LiveServer::with_workers(&api, 2);
    let address = served.address();

    let began = Instant::now();
    let done = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                threads.spawn(move || write(address, writer).map_err(|error| error.to_string()))
            })
            .collect();
        let joined = writers
            .into_iter()
            .map(|writer| writer.join().map_err(|_| "a writer panicked".to_owned())?);
        joined.collect::<Result<Vec<_>, String>>()
    })?;
    let seconds = began.elapsed().as_secs_f64();

    let rows: i64 = database.run(|db| Ok(mark::table.count().get_result(db)?))?;
    let made: usize = done.iter().map(|(made, _)| made).sum();
    let mut waits: Vec<Duration> = done.into_iter().flat_map(|(_, waits)| waits).collect();
    waits.sort_unstable();
    let worst = waits.last().copied().unwrap_or_default();
    let (median, late) = (waits[waits.len() / 2], waits[waits.len() * 999 / 1000]);
    eprintln!(
        "writers: {:.0} rows a second; a writer waits {median:?}, one of a thousand {late:?}, {worst:?} at most",
        waits.len() as f64 / seconds
    );
    drop(served);
    for behind in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{behind}", path.display()));
    }
    let lost = made - usize::try_from(rows)?.min(made);
    let all = WRITERS * EACH;
    Ok(vec![Row {
        test: format!("{WRITERS} writers, SQLite, none turned away"),
        runs: all,
        passed: if lost == 0 && worst < LONGEST {
            made
        } else {
            made.min(all - 1)
        },
        worst_latency: worst,
        rows_lost: lost,
        ..Row::default()
    }])
}

/// How many rows were made, and how long each took.
fn write(address: SocketAddr, writer: usize) -> Outcome<(usize, Vec<Duration>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut made, mut waits) = (0, Vec::with_capacity(EACH));
    let mut answer = [0; 4096];
    for number in 0..EACH {
        let body = format!("{{\"writer\": {writer}, \"number\": {number}}}");
        let request = format!(
            "POST /api/v1/marks/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let asked = Instant::now();
        stream.write_all(request.as_bytes())?;
        // It is short, without a body, and comes in one piece.
        let length = stream.read(&mut answer)?;
        waits.push(asked.elapsed());
        made += usize::from(answer[..length].starts_with(b"HTTP/1.1 201"));
    }
    Ok((made, waits))
}
