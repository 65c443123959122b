//! When an access is safe.

use std::time::Duration;

/// When the row of a [`CacheDbThrottle`](crate::CacheDbThrottle) is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Before the answer leaves. A process that is killed loses no row whose request was answered.
    #[default]
    BeforeAnswer,
    /// Behind the answer, by and by. A process that is killed loses the rows of up to one flush
    /// interval and of the insert that is under way: at 5,000 requests a second up to about 50
    /// with a flush of 10 ms, 500 with 100 ms, 5,000 with one second. At most 10,000 rows wait;
    /// beyond that a request waits until its row is written.
    ///
    /// Rows that cannot be written, as while a database is away, stay in the queue and are tried
    /// again. [`Throttle::drain`](crate::Throttle::drain) writes them before the process ends.
    Behind {
        /// How long a row waits for others before it is written.
        flush: Duration,
    },
}
