//! `tastypie_apiaccess`: who called what, and when.
//!
//! - `rows`: the statements that write, read and delete rows
//! - [`retention`](Retention): how long rows are kept
//! - [`usage`](Usage): how many calls there were, by caller and period
//! - [`resource`](UsageResource): the same over HTTP

mod resource;
mod retention;
mod rows;
mod usage;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tastyrs_throttle::{AccessLog, AccessRow, BoxFuture, Clock, Error, Recorded, Result};
use tokio::sync::oneshot;

pub(crate) use self::retention::Pruning;
pub use self::{
    resource::UsageResource,
    retention::Retention,
    usage::{Period, Usage, UsageQuery},
};
use crate::{
    database::{Database, Dialect, Failure},
    errors,
};

const TABLE: &str = "tastypie_apiaccess";

/// The access log of throttles that write their accesses down.
///
/// Rows stand in it in the order of time, give or take an hour: so a look at a few of them finds
/// where a time begins, and no index on `accessed` is needed, which Django's table does not have.
///
/// # Compatibility
///
/// `ApiAccess`, `models.py:10`; the table is created where it is missing.
#[derive(Debug)]
pub struct AccessTable<DB: Dialect> {
    database: Database<DB>,
    clock: Clock,
    /// How far back the throttles count that were bound, in seconds.
    must_keep_secs: AtomicI64,
}

impl<DB: Dialect> AccessTable<DB> {
    /// The table in this database.
    pub fn new(database: Database<DB>) -> Self {
        Self {
            database,
            clock: Clock::system(),
            must_keep_secs: AtomicI64::new(0),
        }
    }

    /// Tells the age of rows by this clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// How many calls there were by caller and period, on the thread that calls.
    ///
    /// # Errors
    ///
    /// What the database meets.
    pub fn usage(&self, query: &UsageQuery) -> errors::Result<Vec<Usage>> {
        usage::usage(&self.database, query, self.clock.wall_secs())
    }

    /// Deletes the rows that need not be kept, a thousand at a time so that nobody waits for long, on the thread that
    /// calls. Returns how many there were.
    ///
    /// A row is kept for as long as a throttle that was bound counts it, whatever `retention` says.
    ///
    /// # Errors
    ///
    /// What the database meets; what was deleted before stays deleted.
    pub fn prune(&self, retention: &Retention) -> errors::Result<u64> {
        let keeps = self.must_keep_secs.load(Ordering::Relaxed);
        retention::prune(&self.database, retention, self.clock.wall_secs(), keeps)
    }
}

/// An access table of whatever database.
pub(crate) trait Accesses: AccessLog {
    fn usage(&self, query: &UsageQuery) -> errors::Result<Vec<Usage>>;
    fn prune(&self, retention: &Retention) -> errors::Result<u64>;
}

impl<DB: Dialect> Accesses for AccessTable<DB> {
    fn usage(&self, query: &UsageQuery) -> errors::Result<Vec<Usage>> {
        Self::usage(self, query)
    }

    fn prune(&self, retention: &Retention) -> errors::Result<u64> {
        Self::prune(self, retention)
    }
}

/// What the table's failures are to a throttle.
fn failed(doing: &'static str) -> impl FnOnce(errors::Error) -> Error {
    move |error| match &error {
        errors::Error::Database { source, .. }
            if matches!(Failure::of(source), Failure::Request | Failure::Others) =>
        {
            Error::rows_refused(error)
        }
        _ => Error::access_log(doing, error),
    }
}

impl<DB: Dialect> AccessLog for AccessTable<DB> {
    fn record(&self, rows: Arc<[AccessRow]>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let written = match self.insert_beside(&rows).await {
                Some(written) => written,
                // The runtime ended meanwhile, with its blocking threads.
                None => insert(&self.database, &rows),
            };
            written.map_err(failed("writing accesses"))
        })
    }

    fn recent(
        &self,
        since_secs: i64,
        addresses: &[String],
        each: &mut dyn FnMut(Recorded<'_>),
    ) -> Result<()> {
        let create = |connection: &mut DB::Connection| rows::create::<DB>(connection);
        self.database
            .transaction(create)
            .and_then(|()| {
                rows::since(&self.database, since_secs, |row| {
                    if addresses.iter().any(|address| row.is_at(address)) {
                        each(row);
                    }
                })
            })
            .map_err(|error| Error::access_log("reading accesses", error))
    }

    fn must_keep(&self, window: Duration) {
        let secs = window.as_secs().saturating_add(1);
        let secs = i64::try_from(secs).unwrap_or(i64::MAX);
        self.must_keep_secs.fetch_max(secs, Ordering::Relaxed);
    }
}

impl<DB: Dialect> AccessTable<DB> {
    /// Inserts rows on a blocking thread of the runtime, or on a thread made for it where there is none; nothing where
    /// that thread was never run.
    async fn insert_beside(&self, rows: &Arc<[AccessRow]>) -> Option<errors::Result<()>> {
        let (database, rows) = (self.database.clone(), Arc::clone(rows));
        let (tell, told) = oneshot::channel();
        let insert = move || {
            // Whoever waited may have given up.
            let _ = tell.send(insert(&database, &rows));
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(insert)),
            Err(_) => drop(std::thread::Builder::new().spawn(insert)),
        }
        told.await.ok()
    }
}

fn insert<DB: Dialect>(database: &Database<DB>, rows: &[AccessRow]) -> errors::Result<()> {
    let permit = database.wait_for_permit()?;
    database.with(&permit, true, |connection| {
        rows::insert::<DB>(connection, rows)
    })
}
