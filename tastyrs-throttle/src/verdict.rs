//! What a throttle says about a request.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

/// What a throttle says about one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a verdict that nobody reads lets every request through"]
pub enum Verdict {
    /// The request may go on.
    Allowed,
    /// The limit is reached.
    Throttled(RetryAfter),
}

/// When a caller that was turned away may come back.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::RetryAfter;
///
/// let retry_after = RetryAfter::After(Duration::from_millis(44_001));
///
/// assert_eq!(retry_after.header_value().as_deref(), Some("45"));
/// assert_eq!(RetryAfter::Unknown.header_value(), None);
/// ```
///
/// # Compatibility
///
/// The three answers of tastypie's `should_be_throttled`, `throttle.py:52`: `True`, a number of
/// seconds, a `datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// The throttle does not say.
    Unknown,
    /// After this length of time.
    After(Duration),
    /// At this moment.
    At(DateTime<Utc>),
}

impl RetryAfter {
    /// Writes the value of the `Retry-After` header, or `None` where there is nothing to say.
    ///
    /// A length of time becomes whole seconds, rounded up and at least 1: a wait of 0 does not
    /// exist. A moment becomes a date such as `Sun, 06 Nov 1994 08:49:37 GMT`, rounded up to the
    /// second; a year that the header cannot write is left unsaid.
    pub fn header_value(&self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::After(wait) => Some(whole_secs(*wait).to_string()),
            Self::At(moment) => {
                let up = TimeDelta::seconds(i64::from(moment.nanosecond() > 0));
                let moment = moment.checked_add_signed(up)?;
                (0..=9999)
                    .contains(&moment.year())
                    .then(|| moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
        }
    }
}

/// A length of time as clients are told it: whole seconds, rounded up and at least 1.
pub(crate) fn whole_secs(length: Duration) -> u64 {
    let secs = length.as_secs();
    let part = u64::from(length.subsec_nanos() > 0);
    secs.saturating_add(part).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(wait: Duration) -> Option<String> {
        RetryAfter::After(wait).header_value()
    }

    #[test]
    fn seconds_are_rounded_up_and_never_zero() {
        assert_eq!(after(Duration::ZERO).as_deref(), Some("1"));
        assert_eq!(after(Duration::from_nanos(1)).as_deref(), Some("1"));
        assert_eq!(after(Duration::from_secs(60)).as_deref(), Some("60"));
        assert_eq!(after(Duration::new(60, 1)).as_deref(), Some("61"));
        assert!(after(Duration::MAX).is_some());
    }

    #[test]
    fn a_moment_is_written_as_an_http_date_rounded_up() {
        let moment = DateTime::from_timestamp(784_111_776, 500_000_000).unwrap();

        let value = RetryAfter::At(moment).header_value();

        assert_eq!(value.as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }

    #[test]
    fn a_moment_beyond_the_header_is_left_unsaid() {
        assert_eq!(
            RetryAfter::At(DateTime::<Utc>::MAX_UTC).header_value(),
            None
        );
        assert_eq!(
            RetryAfter::At(DateTime::<Utc>::MIN_UTC).header_value(),
            None
        );
    }
}
