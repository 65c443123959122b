//! The text of a request as values to compare columns with, read as Django's fields read it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use super::{
    Key,
    python::{self, Int},
};
use crate::{
    database::Bind,
    errors::{Error, Result},
    fields::Kind,
};

/// A value as a parameter says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw<'q> {
    Null,
    Bool(bool, &'q str),
    Text(&'q str),
}

impl<'q> Raw<'q> {
    /// Tastypie's words for what is no text.
    ///
    /// # Compatibility
    ///
    /// `string_to_python`, `utils/__init__.py:7`.
    pub(super) fn of(text: &'q str) -> Self {
        match text {
            "true" | "True" => Self::Bool(true, text),
            "false" | "False" => Self::Bool(false, text),
            "nil" | "none" | "None" => Self::Null,
            other => Self::Text(other),
        }
    }

    /// The text that was sent, where it is not a word for nothing.
    pub(super) fn text(self) -> Option<&'q str> {
        match self {
            Self::Null => None,
            Self::Bool(_, text) | Self::Text(text) => Some(text),
        }
    }
}

/// What a column can be compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// No value.
    Null,
    /// A value.
    Value(Bind),
    /// A number below all that the column can hold.
    Below,
    /// A number above all that the column can hold.
    Above,
}

/// Reads a value for a column of this kind.
///
/// # Compatibility
///
/// `get_prep_value` and `to_python` of Django's fields: a number that is none is a mismatch, a date or truth
/// value that is none is told in Django's words.
pub(super) fn operand(
    raw: Raw<'_>,
    kind: Kind,
    nullable: bool,
    range: (i64, i64),
) -> Result<Operand> {
    let text = match raw {
        Raw::Null => return Ok(Operand::Null),
        Raw::Bool(flag, _) if kind == Kind::Bool => return Ok(Operand::Value(Bind::Bool(flag))),
        Raw::Bool(flag, _) if kind.is_integer() => {
            return Ok(Operand::Value(Bind::Int(i64::from(flag))));
        }
        Raw::Bool(flag, _) if matches!(kind, Kind::Float | Kind::Double) => {
            return Ok(Operand::Value(Bind::Float(f64::from(u8::from(flag)))));
        }
        Raw::Bool(flag, _) if kind == Kind::Decimal => {
            return Ok(Operand::Value(Bind::Decimal(u8::from(flag).into())));
        }
        Raw::Bool(_, text) | Raw::Text(text) => text,
    };
    Ok(Operand::Value(match kind {
        Kind::SmallInt | Kind::Integer | Kind::BigInt => {
            match python::int(text).ok_or_else(Error::mismatched)? {
                Int::Fits(number) if number < range.0 => return Ok(Operand::Below),
                Int::Fits(number) if number > range.1 => return Ok(Operand::Above),
                Int::Fits(number) => Bind::Int(number),
                Int::TooLow => return Ok(Operand::Below),
                Int::TooHigh => return Ok(Operand::Above),
            }
        }
        Kind::Float | Kind::Double => {
            Bind::Float(python::float(text).ok_or_else(Error::mismatched)?)
        }
        Kind::Decimal => {
            Bind::Decimal(python::decimal(text).ok_or_else(|| {
                Error::invalid(&format!("“{text}” value must be a decimal number."))
            })?)
        }
        Kind::Bool => match text {
            "t" | "True" | "1" => Bind::Bool(true),
            "f" | "False" | "0" => Bind::Bool(false),
            "" if nullable => return Ok(Operand::Null),
            _ => {
                let choices = if nullable {
                    "either True, False, or None"
                } else {
                    "either True or False"
                };
                return Err(Error::invalid(&format!(
                    "“{text}” value must be {choices}."
                )));
            }
        },
        Kind::Date => Bind::Date(date(text)?),
        Kind::Time => Bind::Time(time(text)?),
        Kind::DateTime => Bind::DateTime(datetime(text)?),
        Kind::Uuid => Bind::Uuid(
            Uuid::parse_str(text.trim())
                .map_err(|_| Error::invalid(&format!("“{text}” is not a valid UUID.")))?,
        ),
        Kind::Text | Kind::Json | Kind::Bytes | Kind::List | Kind::Dict => {
            Bind::Text(text.to_owned())
        }
    }))
}

/// Reads the key of an object from an address; `None` where it is of another type than the column's.
pub(crate) fn parse_key(text: &str, kind: Kind) -> Option<Key> {
    Some(match kind {
        Kind::SmallInt | Kind::Integer | Kind::BigInt => match python::int(text)? {
            Int::Fits(number) => Key::Int(number),
            // No row has it.
            Int::TooLow | Int::TooHigh => Key::None,
        },
        Kind::Uuid => Key::Uuid(Uuid::parse_str(text).ok()?),
        _ => Key::Text(text.into()),
    })
}

/// A day, in Django's form or another of ISO 8601.
pub(crate) fn date(text: &str) -> Result<NaiveDate> {
    match numbers(text, &['-', '-']) {
        Some((parts, "")) if text.len() <= 10 && parts[0].len() == 4 => {
            ymd(&parts).ok_or_else(|| {
                Error::invalid(&format!(
                    "“{text}” value has the correct format (YYYY-MM-DD) but it is an invalid date."
                ))
            })
        }
        _ => NaiveDate::parse_from_str(text, "%Y%m%d")
            .ok()
            .filter(|_| text.len() == 8)
            .ok_or_else(|| {
                Error::invalid(&format!(
                    "“{text}” value has an invalid date format. It must be in YYYY-MM-DD format."
                ))
            }),
    }
}

/// A time of day.
pub(super) fn time(text: &str) -> Result<NaiveTime> {
    let invalid_form = || {
        Error::invalid(&format!(
            "“{text}” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format."
        ))
    };
    match clock(text) {
        Some((parts, "")) => hms(parts).ok_or_else(|| {
            Error::invalid(&format!(
                "“{text}” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time."
            ))
        }),
        _ => Err(invalid_form()),
    }
}

/// A moment; one with a zone becomes UTC, a day alone its midnight.
pub(crate) fn datetime(text: &str) -> Result<NaiveDateTime> {
    let impossible = || {
        Error::invalid(&format!(
            "“{text}” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an invalid date/time."
        ))
    };
    if let Some((day, rest)) = numbers(text, &['-', '-'])
        && day[0].len() == 4
    {
        if rest.is_empty() {
            return ymd(&day).and_then(|day| day.and_hms_opt(0, 0, 0)).ok_or_else(|| {
                Error::invalid(&format!("“{text}” value has the correct format (YYYY-MM-DD) but it is an invalid date."))
            });
        }
        if let Some((parts, zone)) = rest.strip_prefix(['T', ' ']).and_then(clock)
            && let Some(offset) = offset_secs(zone.trim_start())
        {
            let moment = ymd(&day)
                .zip(hms(parts))
                .map(|(day, time)| day.and_time(time))
                .ok_or_else(impossible)?;
            return moment
                .checked_sub_signed(chrono::TimeDelta::seconds(offset))
                .ok_or_else(impossible);
        }
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.naive_utc());
    }
    Err(Error::invalid(&format!(
        "“{text}” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format."
    )))
}

/// Splits groups of one to four digits off the front of `text`, with these separators between them.
fn numbers<'t>(text: &'t str, separators: &[char]) -> Option<([&'t str; 3], &'t str)> {
    let mut parts = [""; 3];
    let mut rest = text;
    for (position, part) in parts.iter_mut().enumerate() {
        if position > 0 {
            rest = rest.strip_prefix(separators[position - 1])?;
        }
        let end = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
        let longest = if position == 0 { 4 } else { 2 };
        let end = end.min(longest);
        *part = rest.get(..end).filter(|digits| !digits.is_empty())?;
        rest = rest.get(end..)?;
    }
    Some((parts, rest))
}

fn ymd(parts: &[&str; 3]) -> Option<NaiveDate> {
    let year: i32 = parts[0].parse().ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, parts[1].parse().ok()?, parts[2].parse().ok()?)
}

/// Hours, minutes, seconds, microseconds as they were written.
type Clock = (u32, u32, u32, u32);

/// Splits `HH:MM[:ss[.uuuuuu]]` off the front of `text`.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let two = |text: &str| -> Option<(u32, usize)> {
        let end = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
        Some((text.get(..end)?.parse().ok()?, end))
    };
    let (hour, end) = two(text)?;
    let rest = text.get(end..)?.strip_prefix(':')?;
    let (minute, end) = two(rest)?;
    let mut rest = rest.get(end..)?;
    let (mut second, mut micros) = (0, 0);
    if let Some(seconds) = rest.strip_prefix(':') {
        let (value, end) = two(seconds)?;
        second = value;
        rest = seconds.get(end..)?;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let digits = fraction
                .bytes()
                .take(12)
                .take_while(u8::is_ascii_digit)
                .count();
            let kept = fraction
                .get(..digits.min(6))
                .filter(|kept| !kept.is_empty())?;
            micros = format!("{kept:0<6}").parse().ok()?;
            rest = fraction.get(digits..)?;
        }
    }
    Some(((hour, minute, second, micros), rest))
}

fn hms((hour, minute, second, micros): Clock) -> Option<NaiveTime> {
    (second < 60).then(|| NaiveTime::from_hms_micro_opt(hour, minute, second, micros))?
}

/// The seconds of a zone: none, `Z`, `+02`, `+0200`, `+02:00`.
fn offset_secs(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = zone.get(1..)?.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || (digits.len() != 2 && digits.len() != 4)
    {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits
        .get(2..)
        .filter(|minutes| !minutes.is_empty())
        .map_or(Some(0), |m| m.parse().ok())?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: &Error) -> String {
        error.to_string()
    }

    #[test]
    fn a_moment_is_read_in_every_form_that_django_reads() {
        let moment = |text| datetime(text).unwrap().to_string();

        assert_eq!(moment("2010-03-19"), "2010-03-19 00:00:00");
        assert_eq!(moment("2010-03-19 01:18"), "2010-03-19 01:18:00");
        assert_eq!(moment("2017-05-06T07:08:09.5"), "2017-05-06 07:08:09.500");
        assert_eq!(moment("2010-03-19T03:18:01+02:00"), "2010-03-19 01:18:01");
        assert_eq!(moment("2010-3-9 1:8:1Z"), "2010-03-09 01:08:01");
    }

    #[test]
    fn what_is_no_moment_is_told_in_djangos_words() {
        assert_eq!(
            text(&datetime("yesterday").unwrap_err()),
            "['“yesterday” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.']"
        );
        assert_eq!(
            text(&datetime("2010-13-45").unwrap_err()),
            "['“2010-13-45” value has the correct format (YYYY-MM-DD) but it is an invalid date.']"
        );
        assert_eq!(
            text(&date("2016-02-29T10:00:00").unwrap_err()),
            "['“2016-02-29T10:00:00” value has an invalid date format. It must be in YYYY-MM-DD format.']"
        );
        assert!(text(&time("24:00").unwrap_err()).contains("invalid time"));
    }

    #[test]
    fn numbers_beyond_a_columns_range_are_below_or_above_it() {
        let narrow = |text| {
            operand(
                Raw::of(text),
                Kind::Integer,
                false,
                (i64::from(i32::MIN), i64::from(i32::MAX)),
            )
        };

        assert_eq!(narrow("2147483648").unwrap(), Operand::Above);
        assert_eq!(narrow("-99999999999999999999").unwrap(), Operand::Below);
        assert_eq!(narrow("true").unwrap(), Operand::Value(Bind::Int(1)));
        assert!(narrow("1.5").is_err());
    }
}
