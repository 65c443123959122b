//! What can go wrong with a throttle.

use std::error::Error as StdError;
use std::sync::Arc;

/// What a throttle returns: `T`, or why there is none.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A throttle that cannot work as it was asked to.
///
/// It is cheap to clone: requests whose rows share one insert share its failure.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting has a value that no throttle can work with.
    #[error("the throttle's `{setting}` is {value}, but must be {expected}")]
    Setting {
        /// The setting's name, as in `timeframe`.
        setting: &'static str,
        /// The value that it has.
        value: String,
        /// The values that it may have.
        expected: &'static str,
    },
    /// A text names no network of proxies, or leaves open which.
    #[error("`{text}` names no network of proxies: it must be {expected}")]
    Network {
        /// The text.
        text: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Addresses cannot be counted by so many bits.
    #[error("`{setting}` is {value}, but must be {expected}")]
    Prefix {
        /// The setting's name, as in `ipv6_prefix`.
        setting: &'static str,
        /// The value that it has.
        value: u8,
        /// The values that it may have.
        expected: &'static str,
    },
    /// Throttles that share a store were given different clocks.
    #[error("throttles that share a store must share its clock")]
    ClocksDiffer,
    /// A `CacheDbThrottle` has nowhere to write its rows.
    #[error(
        "the CacheDbThrottle of the resource `{resource}` has no access log to write to: bind it to one, or use a CacheThrottle"
    )]
    NoAccessLog {
        /// The resource that was bound or called.
        resource: String,
    },
    /// The access log failed.
    #[error("the access log failed while {doing}")]
    AccessLog {
        /// What was being done, as in "writing rows".
        doing: &'static str,
        /// What the log said.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The access log took none of the rows, and would not at another attempt either.
    #[error("the access log refused the rows")]
    RowsRefused {
        /// What the log said.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The row was handed to a writer that ended before it said whether the row was written.
    #[error("the access log's writer ended before it answered")]
    WriterEnded,
    /// The store that machines share is away, and the throttle is to refuse meanwhile.
    #[error("the throttle's store is away")]
    StoreAway,
    /// A throttle of one's own failed.
    #[error("the throttle failed")]
    Own {
        /// What the throttle said.
        source: Arc<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Wraps what an access log said while `doing` something.
    pub fn access_log(
        doing: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::AccessLog {
            doing,
            source: Arc::from(source.into()),
        }
    }

    /// Wraps what an access log said that refused one of the rows for what is in it.
    pub fn rows_refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::RowsRefused {
            source: Arc::from(source.into()),
        }
    }

    /// Says that an access log did not answer in time.
    pub(crate) fn overdue() -> Self {
        Self::access_log("waiting for it", "it did not answer in time")
    }

    /// Says whether the failure is the access log's.
    pub fn is_of_the_access_log(&self) -> bool {
        matches!(
            self,
            Self::AccessLog { .. } | Self::RowsRefused { .. } | Self::WriterEnded
        )
    }

    /// Wraps the failure of a throttle of one's own.
    pub fn own(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Own {
            source: Arc::from(source.into()),
        }
    }
}
