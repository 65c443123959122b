//! Connections, and who may have one.

use std::{
    fmt,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use diesel::{
    Connection,
    connection::TransactionManager,
    r2d2::{NopErrorHandler, Pool, PooledConnection},
    result::Error as DieselError,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    DatabaseOptions, Dialect, Failure, failure,
    here::Here,
    manager::Manager,
    totals::{Totals, TotalsHere},
};
use crate::{
    django::{ContentType, ContentTypes},
    errors::{Error, Result},
};

pub(super) type Pooled<DB> = PooledConnection<Manager<DB>>;
pub(super) type Transactions<DB> = <<DB as Dialect>::Connection as Connection>::TransactionManager;

/// A database and its connections; clones share them.
///
/// Every connection is told what it must know: on SQLite `foreign_keys=ON`, `busy_timeout=2000`,
/// `synchronous=NORMAL` and a write-ahead log, on PostgreSQL the time zone UTC and its time-outs.
///
/// A connection that broke while nobody used it, as when a server was started anew, is replaced: it is found out before it
/// is handed out, at no cost of a round trip, or, where it can be asked again on another, when it is asked. While a
/// server is away, whoever asks waits at most [`DatabaseOptions::wait`].
pub struct Database<DB: Dialect> {
    pool: Pool<Manager<DB>>,
    /// As many permits as connections: who waits, waits here, where no thread is held.
    permits: Arc<Semaphore>,
    /// The right to write, of which an embedded database has one: who wants it waits in line, holding no connection, and
    /// nobody is overtaken.
    writer: Option<Arc<Semaphore>>,
    /// How many more connections exports may hold; half of them are for others.
    pub(super) exports: Arc<Semaphore>,
    wait: Duration,
    content_types: Arc<ContentTypes>,
    totals: Arc<Totals<Arc<str>>>,
    /// The connections of the threads that ask, where they may have some.
    here: Option<Arc<Here<DB>>>,
}

impl<DB: Dialect> Clone for Database<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            permits: Arc::clone(&self.permits),
            writer: self.writer.clone(),
            exports: Arc::clone(&self.exports),
            wait: self.wait,
            content_types: Arc::clone(&self.content_types),
            totals: Arc::clone(&self.totals),
            here: self.here.clone(),
        }
    }
}

impl<DB: Dialect> fmt::Debug for Database<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("free", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}

/// The right to one connection, and until when to wait for it.
#[derive(Debug)]
pub(crate) struct Permit {
    pub(super) until: Instant,
    _one: OwnedSemaphorePermit,
    _writer: Option<OwnedSemaphorePermit>,
}

/// How long a request waits for others of its process to write: as long as for those of other processes.
const WRITER_WAIT: Duration = Duration::from_secs(2);

impl<DB: Dialect> Database<DB> {
    /// Opens the database at `url`: a file's path for SQLite, an address for a server.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] where no connection can be made.
    pub fn open(url: impl Into<String>) -> Result<Self> {
        Self::open_with(url, DatabaseOptions::default())
    }

    /// Opens the database at `url` with options of one's own.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] where no connection can be made.
    pub fn open_with(url: impl Into<String>, mut options: DatabaseOptions) -> Result<Self> {
        let url = url.into();
        options
            .write_ahead_log
            .get_or_insert_with(|| !DB::is_remote() && !std::path::Path::new(&url).exists());
        let in_memory = url == ":memory:" || url.contains("mode=memory");
        let here = (!DB::is_remote() && !in_memory)
            .then(|| Here::new(Manager::new(&url, options.clone())));
        let connections = if !DB::is_remote() && url == ":memory:" {
            1
        } else {
            options.max_connections
        };
        let wait = options.wait;
        let manager = Manager::new(&url, options);
        // By itself, since the pool would try again and again, and tell why only at the end.
        manager
            .establish()
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        let pool = Pool::builder()
            .max_size(connections)
            // Who needs one makes it.
            .min_idle(Some(0))
            .test_on_check_out(false)
            // Half of it is the longest pause between two attempts to connect; nobody waits by it.
            .connection_timeout(Duration::from_millis(500))
            // The manager says it once, not at each attempt.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(connections as usize)),
            writer: (!DB::is_remote()).then(|| Arc::new(Semaphore::new(1))),
            exports: Arc::new(Semaphore::new((connections as usize / 2).max(1))),
            wait,
            content_types: Arc::default(),
            totals: Arc::default(),
            here,
        })
    }

    /// Waits for the right to one connection, without holding a thread.
    pub(crate) async fn permit(&self) -> Result<Permit> {
        let until = Instant::now() + self.wait;
        Ok(Permit {
            until,
            _one: acquired(&self.permits, self.wait).await?,
            _writer: None,
        })
    }

    /// Waits for the right to write, where one at a time does, and then for the right to one connection.
    pub(crate) async fn permit_to_write(&self) -> Result<Permit> {
        let writer = match &self.writer {
            Some(writer) => Some(acquired(writer, WRITER_WAIT).await?),
            None => None,
        };
        let permit = self.permit().await?;
        Ok(Permit {
            _writer: writer,
            ..permit
        })
    }

    /// Waits for the right to one connection, on this thread.
    pub(crate) fn wait_for_permit(&self) -> Result<Permit> {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let until = Instant::now() + self.wait;
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut acquired = pin!(Arc::clone(&self.permits).acquire_owned());
        loop {
            if let Poll::Ready(one) = acquired.as_mut().poll(&mut context) {
                let one = one.map_err(|_| Error::Busy)?;
                return Ok(Permit {
                    until,
                    _one: one,
                    _writer: None,
                });
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Busy);
            }
            thread::park_timeout(left);
        }
    }

    /// What this very thread counted while the database was in the state that it is in now; nothing where it has no
    /// connection of its own.
    pub(crate) fn totals_here(&self) -> Option<TotalsHere> {
        self.here.as_ref()?.totals()
    }

    /// What this very thread counted in the state in which it saw the database last.
    pub(crate) fn totals_as_seen(&self) -> Option<TotalsHere> {
        self.here.as_ref()?.totals_as_seen()
    }

    /// Whether the database is in the state still that counts are of.
    pub(crate) fn is_current(&self, totals: &TotalsHere) -> bool {
        self.here
            .as_ref()
            .is_some_and(|here| here.is_current(totals))
    }

    /// What was counted on a server, in states that it tells with each answer.
    pub(crate) fn totals(&self) -> &Totals<Arc<str>> {
        &self.totals
    }

    /// Runs `work` of one statement, which finds what it reads at once, on a connection of this very thread; nothing
    /// comes of it where the thread has none, or the database fails: then it is to be done elsewhere.
    pub(crate) fn here<T>(
        &self,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Option<Result<T>> {
        self.here.as_ref()?.read(work)
    }

    /// The number that a content type has in it; nothing where it has none.
    pub(crate) fn content_type(&self, content_type: ContentType) -> Result<Option<i64>> {
        self.content_types.id(self, content_type)
    }

    /// Runs `work` on a connection and in a transaction, on this thread; for programs and tests.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, [`Error::Uncertain`] where the connection broke while the
    /// transaction was ended, and what `work` answers.
    pub fn transaction<T>(&self, work: impl FnOnce(&mut DB::Connection) -> Result<T>) -> Result<T> {
        self.within(Instant::now() + self.wait, true, work)
    }

    /// Runs `work` on a connection and in a transaction.
    pub(crate) fn with<T>(
        &self,
        permit: &Permit,
        writes: bool,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        self.within(permit.until, writes, work)
    }

    /// Runs `work` that only reads, where it sees one state of the database if that can be had.
    pub(crate) fn reading<T>(
        &self,
        permit: &Permit,
        work: impl FnMut(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        if DB::reads_in_transactions() {
            self.within(permit.until, false, work)
        } else {
            self.asking(permit, work)
        }
    }

    /// Runs `work` that only reads; should the connection break meanwhile, once more on another.
    pub(crate) fn asking<T>(
        &self,
        permit: &Permit,
        mut work: impl FnMut(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.any_connection(permit.until)?;
        let answer = work(&mut connection);
        if answer.is_ok() {
            connection.answered();
        }
        if answer.is_ok() || connection.is_alive() {
            return answer;
        }
        drop(connection);
        work(&mut **self.connection(permit.until)?)
    }

    /// Runs `work` of one statement that writes, without a transaction around it. Nothing comes of it where the work is to
    /// be done in one: it failed, and nothing was written.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, [`Error::Uncertain`] where it broke meanwhile, and where the
    /// database has no time or is away, so that another attempt is of no use.
    pub(crate) fn at_once<T>(
        &self,
        permit: &Permit,
        work: impl FnOnce(&mut DB::Connection) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let mut connection = self.connection(permit.until)?;
        // To begin a transaction on it tells whether it stands.
        if connection.is_silent() {
            return Ok(None);
        }
        match work(&mut connection) {
            Ok(answer) => {
                connection.answered();
                Ok(answer)
            }
            Err(Error::Database { source, .. }) if failure::is_broken(&source) => {
                Err(Error::Uncertain(source))
            }
            Err(Error::Database { doing, source })
                if !Failure::of(&source).is_of_the_statement() =>
            {
                Err(Error::Database { doing, source })
            }
            // What came back of the row that was written cannot be read.
            Err(error @ Error::Column { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Runs `work` on a connection without a transaction around it.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and what `work` answers.
    pub fn run<T>(&self, work: impl FnOnce(&mut DB::Connection) -> Result<T>) -> Result<T> {
        work(&mut **self.connection(Instant::now() + self.wait)?)
    }

    /// A connection that still stands, as far as can be told.
    pub(super) fn connection(&self, until: Instant) -> Result<Pooled<DB>> {
        loop {
            let mut connection = self.any_connection(until)?;
            if connection.is_alive() {
                return Ok(connection);
            }
        }
    }

    /// A connection that may have broken while nobody used it: for who would ask again on another.
    fn any_connection(&self, until: Instant) -> Result<Pooled<DB>> {
        let left = until.saturating_duration_since(Instant::now());
        self.pool.get_timeout(left).map_err(|error| {
            tracing::debug!(target: "tastyrs::database", %error, "no connection could be had");
            Error::Busy
        })
    }

    fn within<T>(
        &self,
        until: Instant,
        writes: bool,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.begun(until, writes)?;
        match work(&mut connection) {
            Ok(answer) => {
                commit::<DB>(&mut connection)?;
                connection.answered();
                Ok(answer)
            }
            Err(error) => {
                if let Err(failed) = Transactions::<DB>::rollback_transaction(&mut connection) {
                    // It is given up with its connection.
                    tracing::debug!(target: "tastyrs::database", error = %failed, "a transaction was not rolled back");
                }
                Err(error)
            }
        }
    }

    /// A connection on which a transaction is open.
    fn begun(&self, until: Instant, writes: bool) -> Result<Pooled<DB>> {
        loop {
            let mut connection = self.any_connection(until)?;
            match DB::begin(&mut connection, writes) {
                Ok(()) => return Ok(connection),
                // It broke, and nothing was done on it yet that another could not do.
                Err(_) if !connection.is_alive() && Instant::now() < until => {}
                Err(error) => return Err(Error::database("beginning a transaction")(error)),
            }
        }
    }
}

/// Runs `work` within a transaction. Where it fails, or nothing comes of it, what it did is undone and the transaction goes
/// on.
///
/// # Errors
///
/// Where the database has no time or is away, so that another attempt within the same transaction is of no use.
pub(crate) fn attempt<DB: Dialect, T>(
    connection: &mut DB::Connection,
    work: impl FnOnce(&mut DB::Connection) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let failed = |source| Error::database("trying what may fail")(source);
    Transactions::<DB>::begin_transaction(connection).map_err(failed)?;
    let answer = work(connection);
    let ended = match &answer {
        Ok(Some(_)) => Transactions::<DB>::commit_transaction(connection),
        _ => Transactions::<DB>::rollback_transaction(connection),
    };
    match answer {
        Err(Error::Database { doing, source }) if !Failure::of(&source).is_of_the_statement() => {
            Err(Error::Database { doing, source })
        }
        answer => {
            ended.map_err(failed)?;
            Ok(answer.ok().flatten())
        }
    }
}

/// Waits in line, without holding a thread.
async fn acquired(semaphore: &Arc<Semaphore>, wait: Duration) -> Result<OwnedSemaphorePermit> {
    if let Ok(one) = Arc::clone(semaphore).try_acquire_owned() {
        return Ok(one);
    }
    let waiting = Arc::clone(semaphore).acquire_owned();
    let one = tokio::time::timeout(wait, waiting).await;
    one.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)
}

/// What is being done when a transaction is ended: constraints that wait for it are checked then.
pub(crate) const ENDING: &str = "ending a transaction";

/// Keeps what was written.
fn commit<DB: Dialect>(connection: &mut DB::Connection) -> Result<()> {
    Transactions::<DB>::commit_transaction(connection).map_err(|error| {
        let error = match error {
            DieselError::RollbackErrorOnCommit { commit_error, .. } => *commit_error,
            error => error,
        };
        if failure::is_broken(&error) {
            Error::Uncertain(error)
        } else {
            Error::database(ENDING)(error)
        }
    })
}
