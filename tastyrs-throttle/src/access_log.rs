//! Where accesses are written down.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::access_row::AccessRow;
use crate::errors::Result;
use crate::throttle::BoxFuture;

/// Keeps the rows of a [`CacheDbThrottle`](crate::CacheDbThrottle).
pub trait AccessLog: Send + Sync + 'static {
    /// Writes rows down, all or none; when it returns they are safe.
    ///
    /// One throttle has one call under way at a time, with at most 1,000 rows. It is polled on a
    /// thread of its own, inside of the tokio runtime in which the throttle was bound, where that
    /// was in one. Work that blocks belongs elsewhere: meanwhile nobody can be told that it takes
    /// too long.
    ///
    /// # Errors
    ///
    /// Whatever kept the rows from being written: [`Error::access_log`](crate::Error::access_log)
    /// where another attempt may succeed, [`Error::rows_refused`](crate::Error::rows_refused)
    /// where one of the rows is why. Of refused rows each half is tried by itself, so that one
    /// takes no others with it.
    fn record(&self, rows: Arc<[AccessRow]>) -> BoxFuture<'_, Result<()>>;

    /// Shows `each` the rows at or after a second whose URL has one of these addresses, oldest
    /// first, without holding all of them at once. It may block: it is called when a throttle is
    /// bound.
    ///
    /// # Errors
    ///
    /// Whatever kept the rows from being read.
    fn recent(
        &self,
        since_secs: i64,
        addresses: &[String],
        each: &mut dyn FnMut(Recorded<'_>),
    ) -> Result<()>;

    /// Is told how far back a throttle counts that was bound: what is younger must not be deleted.
    /// It does nothing unless it is overridden.
    fn must_keep(&self, window: Duration) {
        let _ = window;
    }
}

/// What a throttle reads of a row.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'r> {
    /// Who called, as [`AccessRow::identifier_of`] writes it.
    pub identifier: &'r str,
    /// The path and query that were called.
    pub url: &'r str,
    /// When, in seconds since 1970.
    pub accessed_secs: i64,
}

impl<'r> Recorded<'r> {
    /// Shows these parts of a row.
    pub fn new(identifier: &'r str, url: &'r str, accessed_secs: i64) -> Self {
        Self {
            identifier,
            url,
            accessed_secs,
        }
    }

    /// Says whether the path has this address in it. A mount's prefix stands in front of an
    /// address and is known to nobody when a throttle is bound.
    pub fn is_at(&self, address: &str) -> bool {
        let path = self.url.split('?').next().unwrap_or_default();
        path.contains(address)
    }
}

/// Tells a throttle for which resource it will decide.
#[derive(Clone, Default)]
pub struct Binding {
    /// The resource's name.
    pub resource: String,
    /// The beginnings of its addresses, such as `/api/v1/notes/`.
    pub addresses: Vec<String>,
    /// Where its accesses can be written down.
    pub access_log: Option<Arc<dyn AccessLog>>,
}

impl Binding {
    /// Names the resource; it has no address and no access log yet.
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            ..Self::default()
        }
    }

    /// Adds the beginning of an address.
    #[must_use]
    pub fn address(mut self, prefix: impl Into<String>) -> Self {
        self.addresses.push(prefix.into());
        self
    }

    /// Says where accesses are written down.
    #[must_use]
    pub fn access_log(self, access_log: Arc<dyn AccessLog>) -> Self {
        Self {
            access_log: Some(access_log),
            ..self
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("resource", &self.resource)
            .field("addresses", &self.addresses)
            .field("access_log", &self.access_log.is_some())
            .finish()
    }
}
