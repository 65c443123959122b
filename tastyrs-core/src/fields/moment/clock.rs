//! The hour, the minute, the second, and the numbers that they are written in.

use chrono::NaiveTime;

use super::words::Unit;

/// How many digits of a fraction count; sixty times as much still fits 64 bits.
const PLACES: u32 = 17;

/// A number of a text: digits, and perhaps a fraction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number<'t> {
    whole: &'t str,
    fraction: Option<&'t str>,
}

impl<'t> Number<'t> {
    pub(super) fn new(token: &'t str) -> Option<Self> {
        let (whole, fraction) = match token.split_once(['.', ',']) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (token, None),
        };
        let sound = are_digits(whole) && fraction.is_none_or(are_digits);
        sound.then_some(Self { whole, fraction })
    }

    /// The digits, where there is no fraction.
    pub(super) fn digits(self) -> Option<&'t str> {
        self.fraction.is_none().then_some(self.whole)
    }

    /// The digits before the fraction, if there is one.
    pub(super) fn whole(self) -> &'t str {
        self.whole
    }

    /// The same fraction after other digits.
    pub(super) fn with_whole(self, whole: &'t str) -> Self {
        Self { whole, ..self }
    }

    /// The number, where it has no fraction.
    pub(super) fn integer(self) -> Option<u32> {
        integer(self.digits()?)
    }

    /// The sixtieths in the fraction, unless it is nothing.
    fn sixtieths(self) -> Option<u32> {
        let fraction = places(self.fraction?, PLACES);
        let sixtieths = fraction * 60 / 10_u64.pow(PLACES);
        (fraction > 0)
            .then(|| u32::try_from(sixtieths).ok())
            .flatten()
    }

    /// The microseconds in the fraction; what is finer is cut.
    fn microseconds(self) -> u32 {
        self.fraction
            .and_then(|fraction| u32::try_from(places(fraction, 6)).ok())
            .unwrap_or(0)
    }
}

/// The value of a run of ASCII digits, None if that is not what this is or if it is large beyond use.
pub(super) fn integer(text: &str) -> Option<u32> {
    are_digits(text).then(|| text.parse().ok()).flatten()
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first digits of a fraction, as if it had that many.
fn places(fraction: &str, count: u32) -> u64 {
    fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(count as usize)
        .fold(0, |sum, digit| {
            sum * 10 + u64::from(digit.saturating_sub(b'0'))
        })
}

/// What a text says of the time of the day.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) hour: Option<u32>,
    pub(super) minute: Option<u32>,
    pub(super) second: Option<u32>,
    microsecond: Option<u32>,
}

impl Clock {
    pub(super) fn is_empty(&self) -> bool {
        self.hour.or(self.minute).or(self.second).is_none()
    }

    /// Sets the minute, and the second if the number has a fraction: `14.5` is a minute and a half past.
    pub(super) fn set_minute(&mut self, number: Number<'_>) -> Option<()> {
        self.minute = Some(integer(number.whole())?);
        self.second = number.sixtieths();
        Some(())
    }

    pub(super) fn set_second(&mut self, number: Number<'_>) -> Option<()> {
        self.second = Some(integer(number.whole())?);
        self.microsecond = Some(number.microseconds());
        Some(())
    }

    /// Sets what the unit says that this is; an hour with a fraction sets the minute too.
    pub(super) fn set(&mut self, unit: Unit, number: Number<'_>) -> Option<()> {
        match unit {
            Unit::Hour => {
                self.hour = Some(integer(number.whole())?);
                self.minute = number.sixtieths().or(self.minute);
                Some(())
            }
            Unit::Minute => self.set_minute(number),
            Unit::Second => self.set_second(number),
        }
    }

    /// The time, with zeros for what is not said.
    pub(super) fn time(&self) -> Option<NaiveTime> {
        NaiveTime::from_hms_micro_opt(
            self.hour.unwrap_or(0),
            self.minute.unwrap_or(0),
            self.second.unwrap_or(0),
            self.microsecond.unwrap_or(0),
        )
    }
}
