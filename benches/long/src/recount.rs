//! A start over a table of millions of rows.

use std::{
    fs,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, sqlite::Sqlite};
use tastyrs::{
    database::Database,
    django::AccessTable,
    prelude::*,
    throttle::{AccessLog, Admission, Binding},
};

use crate::{Outcome, Row};

const ROWS: u64 = 5_000_000;
/// By how much memory may grow.
const MOST_KIB: u64 = 64 * 1024;

pub fn run() -> Outcome<Vec<Row>> {
    let path = std::env::temp_dir().join(format!(
        "tastyrs-long-{}-recount.sqlite3",
        std::process::id()
    ));
    let began = measured(&path.to_string_lossy());
    for behind in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{behind}", path.display()));
    }
    let (took, grown, is_limited) = began?;
    eprintln!(
        "recount: {ROWS} rows in {took:?}, {} MiB more",
        grown / 1024
    );
    Ok(vec![Row {
        test: format!("start over {ROWS} rows, within {} MiB", MOST_KIB / 1024),
        runs: 1,
        passed: usize::from(grown <= MOST_KIB && is_limited),
        worst_latency: took,
        ..Row::default()
    }])
}

/// How long it took, by how many KiB memory grew, and whether a caller is limited whose rows stand early in the table.
fn measured(path: &str) -> Outcome<(Duration, u64, bool)> {
    let database = Database::<Sqlite>::open(path)?;
    let table = std::sync::Arc::new(AccessTable::new(database.clone()));
    table.recent(0, &[], &mut |_| {})?;
    database.run(|db| {
        Ok(db.batch_execute(&format!(
            "INSERT INTO tastypie_apiaccess (identifier, url, request_method, accessed)
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {ROWS})
             SELECT CASE WHEN i < 150 THEN 'early' ELSE 'caller-' || (i % 50000) END,
                    '/api/v1/notes/?limit=20&offset=' || i, 'get',
                    unixepoch() - 3000 + i * 2900 / {ROWS}
             FROM n"
        ))?)
    })?;
    let before = peak_kib()?;
    let throttle = AnyThrottle::new(CacheDbThrottle::new());
    let began = Instant::now();
    throttle.bind(
        &Binding::new("notes")
            .address("/v1/notes/")
            .access_log(table),
    )?;
    let took = began.elapsed();
    let grown = peak_kib()?.saturating_sub(before);
    let runtime = actix_web::rt::System::new();
    let early = Access::new("early").resource("notes").url("/api/v1/notes/");
    let admission = runtime.block_on(throttle.reserve(&early))?;
    Ok((took, grown, matches!(admission, Admission::Refused(_))))
}

/// The most memory that this process ever had.
fn peak_kib() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|peak| peak.split_whitespace().next())
        .ok_or("this system does not tell the memory of a process")?;
    Ok(peak.parse()?)
}
