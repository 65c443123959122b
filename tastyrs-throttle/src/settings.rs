//! What every throttle is told, with tastypie's defaults.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::access::Access;
use crate::errors::{Error, Result};
use crate::rate::{IntoRate, Limit, Rate, Rates};

/// The options of tastypie's throttles, and ours.
#[derive(Clone)]
pub(crate) struct Settings {
    /// What was said of each; the first is what `throttle_at` and `timeframe` speak of.
    rates: Vec<Result<Rate>>,
    pub(crate) expiration: Duration,
    pub(crate) rates_for: Option<RatesFor>,
}

/// Says which rates hold for a caller, where they are not the usual ones.
pub(crate) type RatesFor = Arc<dyn Fn(&Access<'_>) -> Option<Rates> + Send + Sync>;

impl Default for Settings {
    fn default() -> Self {
        Self {
            rates: vec![Ok(Rate::new(150, Duration::from_secs(3_600)))],
            expiration: Duration::from_secs(604_800),
            rates_for: None,
        }
    }
}

impl Settings {
    pub(crate) fn throttle_at(&mut self, throttle_at: u32) {
        if let Some(Ok(rate)) = self.rates.first_mut() {
            rate.set_throttle_at(throttle_at);
        }
    }

    pub(crate) fn timeframe(&mut self, timeframe: Duration) {
        if let Some(Ok(rate)) = self.rates.first_mut() {
            rate.set_timeframe(timeframe);
        }
    }

    pub(crate) fn rates(&mut self, rates: impl IntoIterator<Item = impl IntoRate>) {
        self.rates = rates.into_iter().map(IntoRate::into_rate).collect();
    }

    /// Turns the settings into limits, unless no throttle can work with them.
    pub(crate) fn limits(&self) -> Result<Limits> {
        let rates = self.rates.iter().cloned().collect::<Result<Vec<_>>>()?;
        if self.expiration.is_zero() {
            return Err(Error::Setting {
                setting: "expiration",
                value: format!("{:?}", self.expiration),
                expected: "longer than 0, else every access is forgotten at once",
            });
        }
        let rates = Rates::new(rates)?;
        Ok(Limits {
            least: rates.least(),
            rates,
            expiration: nanos(self.expiration),
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("rates", &self.rates)
            .field("expiration", &self.expiration)
            .field("rates_for", &self.rates_for.is_some())
            .finish()
    }
}

/// Settings that were found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) rates: Rates,
    /// The smallest `throttle_at` of them.
    least: u32,
    /// In nanoseconds.
    pub(crate) expiration: u64,
}

impl Limits {
    /// What is asked of one access: these limits, or its caller's own.
    pub(crate) fn with<'a>(&'a self, own: Option<&'a Rates>) -> Terms<'a> {
        own.map_or_else(
            || self.terms(),
            |own| Terms {
                limits: own.limits(),
                least: own.least(),
                expiration: self.expiration,
                own: true,
            },
        )
    }

    #[inline]
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            limits: self.rates.limits(),
            least: self.least,
            expiration: self.expiration,
            own: false,
        }
    }
}

/// The limits that one access is held against; never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) limits: &'a [Limit],
    /// The smallest `throttle_at` of them.
    pub(crate) least: u32,
    /// In nanoseconds.
    pub(crate) expiration: u64,
    /// Whether they are the caller's own, of which the store keeps no list.
    pub(crate) own: bool,
}

/// A length of time in nanoseconds; 584 years and more are one.
pub(crate) fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes the setters that all throttles with limits have: `setters! { Throttle }`, where the
/// throttle has `fn set(self, impl FnOnce(&mut Settings)) -> Self`.
macro_rules! setters {
    ($throttle:ident) => {
        impl $throttle {
            /// Lets so many requests through in a timeframe. With 0 nobody passes.
            ///
            /// Of several [`rates`](Self::rates) it is the first that is set.
            #[must_use]
            pub fn throttle_at(self, throttle_at: u32) -> Self {
                self.set(|settings| settings.throttle_at(throttle_at))
            }

            /// Sets the length of the window: more than 0 and at most 34 years, else the throttle
            /// fails when it is bound or first asked.
            ///
            /// Of several [`rates`](Self::rates) it is the first that is set.
            #[must_use]
            pub fn timeframe(self, timeframe: std::time::Duration) -> Self {
                self.set(|settings| settings.timeframe(timeframe))
            }

            /// Sets `throttle_at` and `timeframe` by a [`Rate`](crate::Rate) or its text, `20/5m`.
            /// What is no rate fails when the throttle is bound or first asked.
            #[must_use]
            pub fn rate(self, rate: impl crate::IntoRate) -> Self {
                self.rates([rate])
            }

            /// Sets several rates that hold at once, such as `["10/s", "10000/d"]`. A request
            /// counts under all of them or under none, and who is turned away waits for the last
            /// of those that are reached.
            #[must_use]
            pub fn rates(
                self,
                rates: impl IntoIterator<Item = impl crate::IntoRate>,
            ) -> Self {
                self.set(|settings| settings.rates(rates))
            }

            /// Forgets an identifier so long after it was last checked or counted; more than 0,
            /// else the throttle fails when it is bound or first asked. What is shorter than the
            /// timeframe forgets early, as in tastypie.
            #[must_use]
            pub fn expiration(self, expiration: std::time::Duration) -> Self {
                self.set(|settings| settings.expiration = expiration)
            }

            /// Asks `rates_for` at each request which [`Rates`](crate::Rates) hold for its caller;
            /// `None` is the usual ones. It must not block. [`Plans`](crate::Plans) is a table for
            /// it that can be changed while requests are served.
            #[must_use]
            pub fn rates_for(
                self,
                rates_for: impl Fn(&crate::Access<'_>) -> Option<crate::Rates> + Send + Sync + 'static,
            ) -> Self {
                self.set(|settings| settings.rates_for = Some(std::sync::Arc::new(rates_for)))
            }
        }
    };
}
pub(crate) use setters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_tastypies() {
        let limits = Settings::default().limits().unwrap();

        let [limit] = limits.rates.limits() else {
            panic!("one rate")
        };
        assert_eq!(limit.throttle_at, 150);
        assert_eq!(limit.timeframe, 3_600_000_000_000);
        assert_eq!(limits.expiration, 604_800_000_000_000);
    }

    #[test]
    fn what_no_throttle_can_work_with_is_refused_by_name() {
        let timeframe = |timeframe| {
            let mut settings = Settings::default();
            settings.timeframe(timeframe);
            settings.limits()
        };
        let expiration = |expiration| {
            Settings {
                expiration,
                ..Settings::default()
            }
            .limits()
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

    #[test]
    fn a_text_that_is_no_rate_is_told_when_the_throttle_is_asked() {
        let mut settings = Settings::default();
        settings.rates(["10/s", "many/d"]);

        let text = settings.limits().unwrap_err().to_string();

        assert!(text.contains("\"many/d\""), "{text}");
    }
}
