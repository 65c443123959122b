//! What every throttle is told, with tastypie's defaults.

use std::time::Duration;

use crate::errors::{Error, Result};

/// The three options of tastypie's throttles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) throttle_at: u32,
    pub(crate) timeframe: Duration,
    pub(crate) expiration: Duration,
}

/// The longest timeframe, in seconds: 34 years.
const LONGEST: u64 = 1 << 30;

impl Default for Settings {
    fn default() -> Self {
        Self {
            throttle_at: 150,
            timeframe: Duration::from_secs(3_600),
            expiration: Duration::from_secs(604_800),
        }
    }
}

impl Settings {
    /// Turns the settings into a limit, unless no throttle can work with them.
    pub(crate) fn limit(&self) -> Result<Limit> {
        let refused = |setting, value: Duration, expected| {
            Err(Error::Setting {
                setting,
                value: format!("{value:?}"),
                expected,
            })
        };
        if self.timeframe.is_zero() || self.timeframe > Duration::from_secs(LONGEST) {
            return refused(
                "timeframe",
                self.timeframe,
                "longer than 0 and at most 34 years",
            );
        }
        if self.expiration.is_zero() {
            return refused(
                "expiration",
                self.expiration,
                "longer than 0, else every access is forgotten at once",
            );
        }
        Ok(Limit {
            throttle_at: self.throttle_at,
            timeframe: nanos(self.timeframe),
            expiration: nanos(self.expiration),
        })
    }
}

/// Settings that were found good; lengths of time are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) throttle_at: u32,
    pub(crate) timeframe: u64,
    pub(crate) expiration: u64,
}

/// A length of time in nanoseconds; 584 years and more are one.
pub(crate) fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_tastypies() {
        let limit = Settings::default().limit().unwrap();

        assert_eq!(limit.throttle_at, 150);
        assert_eq!(limit.timeframe, 3_600_000_000_000);
        assert_eq!(limit.expiration, 604_800_000_000_000);
    }

    #[test]
    fn what_no_throttle_can_work_with_is_refused_by_name() {
        let timeframe = |timeframe| {
            Settings {
                timeframe,
                ..Settings::default()
            }
            .limit()
        };
        let expiration = |expiration| {
            Settings {
                expiration,
                ..Settings::default()
            }
            .limit()
        };

        assert!(timeframe(Duration::from_nanos(1)).is_ok());
        assert!(expiration(Duration::MAX).is_ok());
        for refused in [timeframe(Duration::ZERO), timeframe(Duration::MAX)] {
            assert!(matches!(
                refused,
                Err(Error::Setting {
                    setting: "timeframe",
                    ..
                })
            ));
        }
        let text = expiration(Duration::ZERO).unwrap_err().to_string();
        assert!(
            text.starts_with("the throttle's `expiration` is 0ns, but must be longer"),
            "{text}"
        );
    }
}
