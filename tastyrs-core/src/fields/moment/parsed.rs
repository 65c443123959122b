//! [`parse`] and the moment that it finds, [`Parsed`].

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::reader::Reader;
use crate::data::plain_datetime;

/// What tells a moment is not half as long.
const MAX_BYTES: usize = 128;

/// A moment as a text tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parsed {
    written: NaiveDateTime,
    utc: Option<NaiveDateTime>,
}

impl Parsed {
    /// The date as written, whatever the zone.
    pub(crate) fn date(&self) -> NaiveDate {
        self.written.date()
    }

    /// The time of the day as written, whatever the zone, in microseconds.
    pub(crate) fn time(&self) -> NaiveTime {
        self.written.time()
    }

    /// The moment in UTC, or as written where it has no zone.
    pub(crate) fn utc(&self) -> NaiveDateTime {
        self.utc.unwrap_or(self.written)
    }

    /// Whether the text says how far from UTC it is.
    #[cfg(test)]
    pub(super) fn has_zone(&self) -> bool {
        self.utc.is_some()
    }
}

/// Reads a text as python-dateutil does, None where that would raise; what the text leaves out is today's,
/// and midnight's.
///
/// Read are ISO 8601 with its parts apart or not, with or without seconds, a fraction, a zone (`2020-02-29`,
/// `20200229T131415Z`, `2020-02-29 13:14:15,5+02:00`); the dates of mails and of HTTP; dates in numbers, where
/// the month comes first if it can (`02/29/2020`, `29.02.2020`), and by name (`29 Feb 2020`, `Feb 29, 2020`,
/// `29th of February, 2020`); times (`1:02 PM`, `13h14m15s`), alone, before or behind a date; and a weekday,
/// which says nothing beside a day and else moves the date on to the next such day.
///
/// A fraction is cut after six digits. There is no second 60, no hour 24, no year but 1 to 9999, in UTC too.
///
/// # Compatibility
///
/// `dateutil.parser.parse(text)` of python-dateutil 2.9.0, which `fields.py:366`, `:405` and `:929` call, on a
/// server in UTC. So `GMT+3` is three hours *behind*, as in POSIX, and `03/02/2020` is in March. Refused,
/// though dateutil reads them, are texts that it reads by a guess which a client would not want stored:
///
/// - a number that has to be the whole date: `2020`, `5`, `5 10:00`;
/// - a year of two digits up to 31 among numbers alone, which could be the day (`20-02-29` is the 20th to
///   dateutil), unless custom tells the order: `2/29/20`;
/// - a fraction that would be dropped (`29.2`, `9.30 PM`) and a number after the seconds (`13h14m15s16`);
/// - a zone by another name than `UTC`, `GMT` and `Z`, which would be left out, unless its offset stands
///   beside it: `-0500 (EST)`; two offsets; an offset of a day or more;
/// - a month, ` of ` and a word that dateutil skips unread: `Feb of foo`;
/// - digits of other scripts, and texts of more than 128 bytes.
pub(crate) fn parse(text: &str, today: impl FnOnce() -> NaiveDate) -> Option<Parsed> {
    if text.len() > MAX_BYTES {
        return None;
    }
    plain(text).or_else(|| read(text, today()))
}

/// The moment of a text in the form in which this server writes them, in UTC where `Z` stands behind it: what most
/// clients send, told without a walk over its words.
pub(super) fn plain(text: &str) -> Option<Parsed> {
    let (moment, is_utc) = match text.strip_suffix('Z') {
        Some(moment) => (moment, true),
        None => (text, false),
    };
    let written = plain_datetime(moment.as_bytes(), b'T').filter(is_in_range)?;
    Some(Parsed {
        written,
        utc: is_utc.then_some(written),
    })
}

/// The moment of a text in any form.
pub(super) fn read(text: &str, today: NaiveDate) -> Option<Parsed> {
    let reader = Reader::read(text, today)?;
    if reader.is_empty() {
        return None;
    }
    let written = reader
        .days
        .date(reader.weekday)?
        .and_time(reader.clock.time()?);
    let utc = match reader.ahead_secs {
        Some(ahead) => Some(written.checked_sub_signed(less_than_a_day(ahead)?)?),
        None => None,
    };
    let sound = is_in_range(&written) && utc.as_ref().is_none_or(is_in_range);
    sound.then_some(Parsed { written, utc })
}

/// Whether Python knows the year.
fn is_in_range(moment: &NaiveDateTime) -> bool {
    (1..=9999).contains(&moment.year())
}

/// Python knows no zone that is a day or more away.
fn less_than_a_day(seconds: i32) -> Option<TimeDelta> {
    (seconds.abs() < 24 * 60 * 60).then(|| TimeDelta::seconds(i64::from(seconds)))
}
