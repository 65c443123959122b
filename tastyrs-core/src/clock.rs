//! The current time, for defaults; decisions of throttles have their own clock.

use chrono::NaiveDateTime;

/// The current moment in UTC, cut to microseconds, which is what databases keep.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub(crate) fn now() -> NaiveDateTime {
    let now = chrono::Utc::now();
    chrono::DateTime::from_timestamp_micros(now.timestamp_micros())
        .unwrap_or(now)
        .naive_utc()
}
