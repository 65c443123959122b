//! Connections, and who may have one.

use std::{fmt, sync::Arc, time::Duration};

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Dialect;
use crate::{
    django::{ContentType, ContentTypes},
    errors::{Error, Result},
};

/// How a database is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// The most connections; 8 unless said otherwise.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is answered 503; 2 seconds, and never more.
    pub wait: Duration,
    /// Whether SQLite keeps a write-ahead log; by itself it does in a file that is made here, and leaves others as
    /// they are.
    pub write_ahead_log: Option<bool>,
    /// How long a statement of PostgreSQL may run; 30 seconds.
    pub statement_timeout: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            wait: Duration::from_secs(2),
            write_ahead_log: None,
            statement_timeout: Duration::from_secs(30),
        }
    }
}

impl DatabaseOptions {
    /// Sets the most connections.
    #[must_use]
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Sets how long a request waits for a connection; 2 seconds at most.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait.min(Duration::from_secs(2));
        self
    }

    /// Sets whether SQLite keeps a write-ahead log.
    #[must_use]
    pub fn write_ahead_log(mut self, on: bool) -> Self {
        self.write_ahead_log = Some(on);
        self
    }

    /// Sets how long a statement of PostgreSQL may run.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }
}

/// A database and its connections; clones share them.
///
/// Every connection is told what it must know: on SQLite `foreign_keys=ON`, `busy_timeout=2000`,
/// `synchronous=NORMAL` and a write-ahead log, on PostgreSQL the time zone UTC and a statement time-out.
pub struct Database<DB: Dialect> {
    pool: Pool<ConnectionManager<DB::Connection>>,
    /// As many permits as connections: who waits, waits here, where no thread is held.
    permits: Arc<Semaphore>,
    wait: Duration,
    content_types: Arc<ContentTypes>,
}

impl<DB: Dialect> Clone for Database<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            permits: Arc::clone(&self.permits),
            wait: self.wait,
            content_types: Arc::clone(&self.content_types),
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

/// Tells each new connection what it must know.
struct Prepare<DB> {
    options: DatabaseOptions,
    database: std::marker::PhantomData<fn() -> DB>,
}

impl<DB> fmt::Debug for Prepare<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl<DB: Dialect> CustomizeConnection<DB::Connection, diesel::r2d2::Error> for Prepare<DB> {
    fn on_acquire(&self, connection: &mut DB::Connection) -> Result<(), diesel::r2d2::Error> {
        DB::prepare(connection, &self.options).map_err(diesel::r2d2::Error::QueryError)
    }
}

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
        let connections = if !DB::is_remote() && url == ":memory:" {
            1
        } else {
            options.max_connections
        };
        let wait = options.wait;
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .test_on_check_out(DB::is_remote())
            .connection_timeout(Duration::from_secs(2))
            .connection_customizer(Box::new(Prepare::<DB> {
                options,
                database: std::marker::PhantomData,
            }))
            .build(ConnectionManager::new(url))
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        Ok(Self {
            pool,
            permits: Arc::new(Semaphore::new(connections as usize)),
            wait,
            content_types: Arc::default(),
        })
    }

    /// Waits for the right to one connection, without holding a thread.
    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        tokio::time::timeout(self.wait, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Busy)?
            .map_err(|_| Error::Busy)
    }

    /// The number that a content type has in it; nothing where it has none.
    pub(crate) fn content_type(&self, content_type: ContentType) -> Result<Option<i64>> {
        self.content_types.id(self, content_type)
    }

    /// Runs `work` on a connection and in a transaction, on this thread; for programs and tests.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and what `work` answers.
    pub fn transaction<T>(&self, work: impl FnOnce(&mut DB::Connection) -> Result<T>) -> Result<T> {
        self.with(true, work)
    }

    /// Runs `work` on a connection; whoever calls holds a permit, or is no request.
    pub(crate) fn with<T>(
        &self,
        writes: bool,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.pool.get().map_err(|error| {
            tracing::warn!(target: "tastyrs::database", %error, "no connection could be had");
            Error::Busy
        })?;
        DB::transaction(&mut connection, writes, work)
    }

    /// Runs `work` on a connection without a transaction around it.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and what `work` answers.
    pub fn run<T>(&self, work: impl FnOnce(&mut DB::Connection) -> Result<T>) -> Result<T> {
        let mut connection = self.pool.get().map_err(|_| Error::Busy)?;
        work(&mut connection)
    }
}
