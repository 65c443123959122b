//! How a database is opened.

use std::time::Duration;

/// How a database is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// The most connections; 8 unless said otherwise. Beside them, each worker keeps one to a SQLite file with a
    /// write-ahead log, on which it reads what is found at once.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is answered 503; 2 seconds, and never more.
    pub wait: Duration,
    /// Whether SQLite keeps a write-ahead log; by itself it does in a file that is made here, and leaves others as
    /// they are.
    pub write_ahead_log: Option<bool>,
    /// How long a statement of PostgreSQL may run; 30 seconds, and zero for as long as it likes.
    pub statement_timeout: Duration,
    /// How long a statement of PostgreSQL waits for what another transaction holds; 5 seconds, and zero for as long as
    /// the statement may run.
    pub lock_timeout: Duration,
    /// How long a transaction of PostgreSQL may stay open while nothing is asked, as when a hook waits for something
    /// else; 60 seconds, and zero for ever.
    pub idle_in_transaction_timeout: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            wait: Duration::from_secs(2),
            write_ahead_log: None,
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
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

    /// Sets how long a statement of PostgreSQL waits for what another transaction holds.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Sets how long a transaction of PostgreSQL may stay open while nothing is asked.
    #[must_use]
    pub fn idle_in_transaction_timeout(mut self, timeout: Duration) -> Self {
        self.idle_in_transaction_timeout = timeout;
        self
    }
}
