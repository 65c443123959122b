//! How long rows of `tastypie_apiaccess` are kept.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    Accesses, TABLE,
    rows::{ACCESSED, ID, execute, first_at, select, whole},
};
use crate::{
    database::{Bind, Database, Dialect, Fragment},
    errors::Result,
};

/// How long accesses are kept that were written down: for a time, and up to a number of them.
///
/// Whichever is reached first has the oldest rows deleted. Without one they are kept for ever.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_core::django::Retention;
///
/// let retention = Retention::new()
///     .keep_for(Duration::from_secs(30 * 86_400))
///     .max_rows(5_000_000);
///
/// assert_eq!(retention.max_rows, 5_000_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// For how long a row is kept.
    pub keep_for: Duration,
    /// How many rows are kept.
    pub max_rows: u64,
    /// How often an API that was given it looks for rows to delete; every ten minutes, and never less than a second
    /// apart.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            keep_for: Duration::MAX,
            max_rows: u64::MAX,
            every: Duration::from_secs(600),
        }
    }
}

impl Retention {
    /// Keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets for how long a row is kept.
    #[must_use]
    pub fn keep_for(self, keep_for: Duration) -> Self {
        Self { keep_for, ..self }
    }

    /// Sets how many rows are kept.
    #[must_use]
    pub fn max_rows(self, max_rows: u64) -> Self {
        Self { max_rows, ..self }
    }

    /// Sets how often an API looks for rows to delete.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }
}

/// How many rows are deleted at once.
const BATCH: i64 = 1_000;
/// How long others have the database for themselves between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Which rows go.
struct Doomed {
    /// Those before this second,
    before_secs: i64,
    /// or up to this key,
    up_to: i64,
    /// if they are before this second too.
    counted_from_secs: i64,
}

/// Deletes what need not be kept, given that rows of the last `must_keep_secs` are.
pub(super) fn prune<DB: Dialect>(
    database: &Database<DB>,
    retention: &Retention,
    now_secs: i64,
    must_keep_secs: i64,
) -> Result<u64> {
    let secs = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let doomed = Doomed {
        before_secs: now_secs.saturating_sub(secs(retention.keep_for)),
        up_to: excess(database, retention.max_rows)?,
        counted_from_secs: now_secs.saturating_sub(must_keep_secs),
    };
    // Behind this key nothing is old enough, or so it seems from its neighbours.
    let Some(young) = first_at(database, doomed.before_secs)? else {
        return Ok(0);
    };
    let end = young.max(doomed.up_to.saturating_add(1));
    let (mut from, mut deleted) = (i64::MIN, 0);
    loop {
        let page = next_rows(database, from)?;
        let Some(last) = page.last().map(|row| row.id) else {
            return Ok(deleted);
        };
        if page.iter().any(|row| doomed.has(row)) {
            deleted += delete(database, from, last, &doomed)?;
            thread::sleep(PAUSE);
        } else if page.first().is_some_and(|row| row.id >= end) {
            return Ok(deleted);
        }
        from = last.saturating_add(1);
    }
}

/// A row, as far as it matters.
struct Row {
    id: i64,
    accessed_secs: i64,
}

impl Doomed {
    fn has(&self, row: &Row) -> bool {
        row.accessed_secs < self.counted_from_secs
            && (row.accessed_secs < self.before_secs || row.id <= self.up_to)
    }
}

/// The key of the newest row that is beyond the newest `max_rows`.
fn excess<DB: Dialect>(database: &Database<DB>, max_rows: u64) -> Result<i64> {
    let Ok(max_rows) = i64::try_from(max_rows) else {
        return Ok(i64::MIN);
    };
    let (id, table) = (DB::quote("id"), DB::quote(TABLE));
    let mut query = Fragment::new();
    query
        .sql(&format!(
            "SELECT {id} FROM {table} ORDER BY {id} DESC LIMIT 1 OFFSET "
        ))
        .bind(Bind::Int(max_rows));
    let page = select(database, &query, &[ID])?;
    Ok(if page.len() == 0 {
        i64::MIN
    } else {
        whole(&page, 0, 0)
    })
}

fn next_rows<DB: Dialect>(database: &Database<DB>, from: i64) -> Result<Vec<Row>> {
    let (id, accessed) = (DB::quote("id"), DB::quote("accessed"));
    let mut query = Fragment::new();
    query
        .sql(&format!(
            "SELECT {id}, {accessed} FROM {} WHERE {id} >= ",
            DB::quote(TABLE)
        ))
        .bind(Bind::Int(from))
        .sql(&format!(" ORDER BY {id} LIMIT {BATCH}"));
    let page = select(database, &query, &[ID, ACCESSED])?;
    let row = |row| Row {
        id: whole(&page, row, 0),
        accessed_secs: whole(&page, row, 1),
    };
    Ok((0..page.len()).map(row).collect())
}

/// Deletes what is doomed from one key to another.
fn delete<DB: Dialect>(
    database: &Database<DB>,
    from: i64,
    to: i64,
    doomed: &Doomed,
) -> Result<u64> {
    let (id, accessed) = (DB::quote("id"), DB::quote("accessed"));
    let mut statement = Fragment::new();
    statement
        .sql(&format!("DELETE FROM {} WHERE {id} >= ", DB::quote(TABLE)))
        .bind(Bind::Int(from))
        .sql(&format!(" AND {id} <= "))
        .bind(Bind::Int(to))
        .sql(&format!(" AND {accessed} < "))
        .bind(Bind::Int(doomed.counted_from_secs))
        .sql(&format!(" AND ({accessed} < "))
        .bind(Bind::Int(doomed.before_secs))
        .sql(&format!(" OR {id} <= "))
        .bind(Bind::Int(doomed.up_to))
        .sql(")");
    let permit = database.wait_for_permit()?;
    let deleted = database.with(&permit, true, |connection| {
        execute::<DB>(connection, &statement, "deleting old accesses")
    })?;
    Ok(deleted as u64)
}

/// Prunes a table now and then, for as long as it is held.
pub(crate) struct Pruning {
    _end: mpsc::Sender<()>,
}

impl Pruning {
    /// Prunes at once, and then on its schedule, on a thread of its own.
    pub(crate) fn begin(accesses: &Arc<dyn Accesses>, retention: Retention) -> Self {
        let (end, ended) = mpsc::channel();
        let accesses = Arc::downgrade(accesses);
        let every = retention.every.max(Duration::from_secs(1));
        let work = move || {
            loop {
                let Some(accesses) = accesses.upgrade() else {
                    return;
                };
                match accesses.prune(&retention) {
                    Ok(0) => {}
                    Ok(rows) => {
                        tracing::info!(target: "tastyrs::throttle", rows, "old accesses were deleted");
                    }
                    Err(error) => {
                        tracing::warn!(target: "tastyrs::throttle", %error, source = std::error::Error::source(&error), "old accesses were not deleted");
                    }
                }
                drop(accesses);
                if ended.recv_timeout(every) != Err(mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("access retention".to_owned());
        if let Err(error) = thread.spawn(work) {
            tracing::error!(target: "tastyrs::throttle", %error, "no thread for deleting old accesses");
        }
        Self { _end: end }
    }
}
