//! How many requests in which time, and several of them at once.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::errors::{Error, Result};
use crate::settings::nanos;

/// So many requests in so much time.
///
/// It is written as a number, a slash, and a length of time: `10/s`, `20/5m`, `1000/day`. Units are
/// `ms`, `s`, `m`, `h` and `d`, or `sec`, `second`, `min`, `minute`, `hour` and `day` with or
/// without a plural; a number before the unit may be left out and is 1.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::Rate;
///
/// let rate: Rate = "20/5m".parse()?;
///
/// assert_eq!(rate, Rate::new(20, Duration::from_secs(300)));
/// assert_eq!(rate.to_string(), "20/5m");
/// # Ok::<(), tastyrs_throttle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    name: Option<Cow<'static, str>>,
    throttle_at: u32,
    timeframe: Duration,
}

impl Rate {
    /// Lets `throttle_at` requests through in any `timeframe`. With 0 nobody passes.
    pub const fn new(throttle_at: u32, timeframe: Duration) -> Self {
        Self {
            name: None,
            throttle_at,
            timeframe,
        }
    }

    /// Gives the rate the name by which clients and operators are told of it: 1 to 64 printable
    /// characters of ASCII. Without one it is called as it is written, `20/5m`.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says how many requests pass in a timeframe.
    pub fn throttle_at(&self) -> u32 {
        self.throttle_at
    }

    /// Says how long the window is.
    pub fn timeframe(&self) -> Duration {
        self.timeframe
    }

    pub(crate) fn set_throttle_at(&mut self, throttle_at: u32) {
        self.throttle_at = throttle_at;
    }

    pub(crate) fn set_timeframe(&mut self, timeframe: Duration) {
        self.timeframe = timeframe;
    }

    /// Turns the rate into a limit, unless no throttle can work with it.
    fn limit(&self) -> Result<Limit> {
        if self.timeframe.is_zero() || self.timeframe > Duration::from_secs(LONGEST) {
            return Err(Error::Setting {
                setting: "timeframe",
                value: format!("{:?}", self.timeframe),
                expected: "longer than 0 and at most 34 years",
            });
        }
        let name = match &self.name {
            Some(name) => name.clone(),
            None => Cow::Owned(self.to_string()),
        };
        if !(1..=64).contains(&name.len()) || !name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        {
            return Err(Error::Setting {
                setting: "rate",
                value: format!("named {name:?}"),
                expected: "named by 1 to 64 printable characters of ASCII",
            });
        }
        Ok(Limit {
            name: Arc::from(name.as_ref()),
            throttle_at: self.throttle_at,
            timeframe: nanos(self.timeframe),
        })
    }
}

/// The longest timeframe, in seconds: 34 years.
const LONGEST: u64 = 1 << 30;

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.timeframe.as_millis();
        let units = [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
        ];
        let (unit, count) = units
            .into_iter()
            .find(|(_, length)| millis >= *length && millis.is_multiple_of(*length))
            .map_or(("ms", millis), |(unit, length)| (unit, millis / length));
        match count {
            1 => write!(f, "{}/{unit}", self.throttle_at),
            _ => write!(f, "{}/{count}{unit}", self.throttle_at),
        }
    }
}

impl FromStr for Rate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parsed(text).ok_or_else(|| Error::Setting {
            setting: "rate",
            value: format!("{text:?}"),
            expected: "a number, a slash, and a time such as `20/5m`; units are ms, s, m, h and d",
        })
    }
}

fn parsed(text: &str) -> Option<Rate> {
    let (throttle_at, time) = text.split_once('/')?;
    let (throttle_at, time) = (throttle_at.trim(), time.trim());
    let unit = time.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let count = time.strip_suffix(unit)?;
    let count: u64 = if count.is_empty() {
        1
    } else {
        count.parse().ok()?
    };
    let millis: u64 = match unit.trim_start() {
        "ms" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => return None,
    };
    if !throttle_at.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let timeframe = Duration::from_millis(count.checked_mul(millis)?);
    Some(Rate::new(throttle_at.parse().ok()?, timeframe))
}

/// What can be given where a [`Rate`] is wanted: a rate, or its text.
///
/// A text that is no rate is an error of the throttle that was given it, when the throttle is
/// bound or first asked.
pub trait IntoRate {
    /// Makes a rate of it.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where it is no rate.
    fn into_rate(self) -> Result<Rate>;
}

impl IntoRate for Rate {
    fn into_rate(self) -> Result<Rate> {
        Ok(self)
    }
}

impl IntoRate for &Rate {
    fn into_rate(self) -> Result<Rate> {
        Ok(self.clone())
    }
}

impl IntoRate for &str {
    fn into_rate(self) -> Result<Rate> {
        self.parse()
    }
}

impl IntoRate for String {
    fn into_rate(self) -> Result<Rate> {
        self.parse()
    }
}

/// Several rates that hold at once; a clone costs no memory.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::Rates;
///
/// let gold = Rates::new(["100/s", "1000000/d"])?;
///
/// assert_eq!(gold.to_string(), "100/s, 1000000/d");
/// # Ok::<(), tastyrs_throttle::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates(Arc<[Limit]>);

impl Rates {
    /// Holds one rate or more.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where there is none, one is no rate, or two have one name.
    pub fn new(rates: impl IntoIterator<Item = impl IntoRate>) -> Result<Self> {
        let limits = rates
            .into_iter()
            .map(|rate| rate.into_rate()?.limit())
            .collect::<Result<Vec<_>>>()?;
        let wrong = |value| Error::Setting {
            setting: "rates",
            value,
            expected: "one or more, of different names",
        };
        if limits.is_empty() {
            return Err(wrong("empty".to_owned()));
        }
        for (position, limit) in limits.iter().enumerate() {
            if limits[..position]
                .iter()
                .any(|other| other.name == limit.name)
            {
                return Err(wrong(format!("two named `{}`", limit.name)));
            }
        }
        Ok(Self(limits.into()))
    }

    pub(crate) fn limits(&self) -> &[Limit] {
        &self.0
    }

    /// The smallest `throttle_at` of them.
    pub(crate) fn least(&self) -> u32 {
        let throttle_at = self.0.iter().map(|limit| limit.throttle_at);
        throttle_at.min().unwrap_or(0)
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, limit) in self.0.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{}", limit.name)?;
        }
        Ok(())
    }
}

/// A rate that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) name: Arc<str>,
    pub(crate) throttle_at: u32,
    /// In nanoseconds.
    pub(crate) timeframe: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_and_written_alike() {
        for (text, throttle_at, secs, written) in [
            ("10/s", 10, 1, "10/s"),
            ("20/5m", 20, 300, "20/5m"),
            ("1/20s", 1, 20, "1/20s"),
            ("100/day", 100, 86_400, "100/d"),
            (" 5 / 2 hours ", 5, 7_200, "5/2h"),
            ("0/1min", 0, 60, "0/m"),
            ("7/90s", 7, 90, "7/90s"),
            ("7/60s", 7, 60, "7/m"),
        ] {
            let rate: Rate = text.parse().unwrap();

            assert_eq!(
                rate,
                Rate::new(throttle_at, Duration::from_secs(secs)),
                "{text}"
            );
            assert_eq!(rate.to_string(), written);
        }
        let rate: Rate = "3/1500ms".parse().unwrap();
        assert_eq!(
            (rate.timeframe(), rate.to_string()),
            (Duration::from_millis(1_500), "3/1500ms".to_owned())
        );
    }

    #[test]
    fn what_is_no_rate_is_refused_and_shown() {
        for text in [
            "",
            "10",
            "/s",
            "10/",
            "10/5",
            "-1/s",
            "+1/s",
            "1.5/s",
            "10/week",
            "10/s/s",
            "99999999999/s",
            "1/99999999999999999999d",
            "1/18446744073709551615d",
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();

            assert!(error.contains(&format!("`rate` is {text:?}")), "{error}");
        }
    }

    #[test]
    fn rates_that_cannot_hold_together_are_refused() {
        let none: [&str; 0] = [];

        assert!(Rates::new(none).is_err());
        assert!(Rates::new(["10/m", "10/60s"]).is_err());
        assert!(Rates::new(["10/0s"]).is_err());
        assert!(Rates::new([Rate::new(1, Duration::MAX)]).is_err());
        assert!(Rates::new([Rate::new(1, Duration::from_secs(1)).named("")]).is_err());
        assert!(Rates::new([Rate::new(1, Duration::from_secs(1)).named("é")]).is_err());
    }
}
