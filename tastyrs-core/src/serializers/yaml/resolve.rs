//! What plain text denotes.

use std::sync::LazyLock;

use chrono::{NaiveDate, TimeDelta};
use regex::{Captures, Regex};

use super::super::formatting;
use crate::data::Value;

/// A kind of plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    /// `<<`, in whose place the names of another map stand.
    Merge,
    /// `=`
    Default,
    Text,
}

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("\\A(?:{text})\\z")).expect("a constant that the tests compile")
}

static INT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
    )
});
static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "[-+]?(?:[0-9][0-9_]*)\\.[0-9_]*(?:[eE][-+][0-9]+)?|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)",
    )
});
static DATE: LazyLock<Regex> = LazyLock::new(|| pattern("([0-9]{4})-([0-9]{2})-([0-9]{2})"));
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        "([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \\t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\\.([0-9]*))?(?:[ \\t]*(?:Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?",
    )
});

/// The kind of plain text, by the rules of YAML 1.1.
///
/// # Compatibility
///
/// PyYAML's `Resolver` (`yaml/resolver.py`).
pub(super) fn kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "<<" => return Kind::Merge,
        "=" => return Kind::Default,
        _ => {}
    }
    if boolean(text).is_some() {
        return Kind::Bool;
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    if !matches!(first, b'-' | b'+' | b'.' | b'0'..=b'9') {
        return Kind::Text;
    }
    if INT.is_match(text) {
        Kind::Int
    } else if FLOAT.is_match(text) {
        Kind::Float
    } else if DATE.is_match(text) || MOMENT.is_match(text) {
        Kind::Timestamp
    } else {
        Kind::Text
    }
}

/// The truth value that a word stands for.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The whole number that text of that kind stands for.
pub(super) fn integer(text: &str) -> Option<Value<'static>> {
    if !INT.is_match(text) {
        return None;
    }
    let text = text.replace('_', "");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let number = if digits.contains(':') {
        digits.split(':').try_fold(0_i128, |sum, part| {
            sum.checked_mul(60)?.checked_add(part.parse().ok()?)
        })?
    } else if let Some(bits) = digits.strip_prefix("0b") {
        i128::from_str_radix(bits, 2).ok()?
    } else if let Some(digits) = digits.strip_prefix("0x") {
        i128::from_str_radix(digits, 16).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()?
    } else {
        let sign = if negative { "-" } else { "" };
        return (digits.len() <= 4_300)
            .then(|| formatting::whole_number(&format!("{sign}{digits}")));
    };
    let number = if negative { -number } else { number };
    Some(formatting::whole_number(&number.to_string()))
}

/// The number that text of that kind stands for, if there is one.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    if !digits.starts_with(|first: char| first == '.' || first.is_ascii_digit()) {
        return None;
    }
    let number = digits.split(':').try_fold(0.0_f64, |sum, part| {
        Some(sum * 60.0 + part.parse::<f64>().ok()?)
    })?;
    number.is_finite().then_some(sign * number)
}

/// The day or the moment, in UTC, that text of that kind stands for.
pub(super) fn timestamp(text: &str) -> Option<Value<'static>> {
    if let Some(parts) = DATE.captures(text) {
        return day(&parts).map(Value::Date);
    }
    let parts = MOMENT.captures(text)?;
    let number = |place| {
        parts
            .get(place)
            .map_or(Some(0), |part| part.as_str().parse().ok())
    };
    let fraction: String = parts
        .get(7)
        .map_or("", |digits| digits.as_str())
        .chars()
        .chain("000000".chars())
        .take(6)
        .collect();
    let moment = day(&parts)?.and_hms_micro_opt(
        number(4)?,
        number(5)?,
        number(6)?,
        fraction.parse().ok()?,
    )?;
    let (hours, minutes) = (number(9)?, number(10)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = TimeDelta::minutes(i64::from(hours * 60 + minutes));
    let ahead = parts.get(8).is_some_and(|sign| sign.as_str() == "+");
    let moment = if ahead {
        moment.checked_sub_signed(offset)
    } else {
        moment.checked_add_signed(offset)
    };
    moment.map(Value::DateTime)
}

fn day(parts: &Captures<'_>) -> Option<NaiveDate> {
    let number = |place| parts.get(place)?.as_str().parse::<u32>().ok();
    let year = i32::try_from(number(1)?).ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, number(2)?, number(3)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_what_pyyaml_takes_them_for() {
        for (text, wanted) in [
            ("~", Kind::Null),
            ("off", Kind::Bool),
            ("oN", Kind::Text),
            ("y", Kind::Text),
            ("12", Kind::Int),
            ("1_000", Kind::Int),
            ("0x1F", Kind::Int),
            ("017", Kind::Int),
            ("019", Kind::Text),
            ("0o17", Kind::Text),
            ("1:30", Kind::Int),
            ("1e5", Kind::Text),
            ("1.", Kind::Float),
            ("1.0e+16", Kind::Float),
            ("1.0e16", Kind::Text),
            (".inf", Kind::Float),
            ("2013-01-02", Kind::Timestamp),
            ("2013-1-2", Kind::Text),
            ("2013-1-2 3:04:05", Kind::Timestamp),
            ("13:14:15", Kind::Int),
            ("<<", Kind::Merge),
            ("-", Kind::Text),
            (".", Kind::Text),
        ] {
            assert_eq!(kind(text), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_have_the_value_that_pyyaml_gives_them() {
        for (text, value) in [
            ("017", Some(Value::Int(15))),
            ("0x1F", Some(Value::Int(31))),
            ("-0b101", Some(Value::Int(-5))),
            ("1:30:00", Some(Value::Int(5_400))),
            ("+1_0", Some(Value::Int(10))),
            ("0", Some(Value::Int(0))),
            ("1____", Some(Value::Int(1))),
            (
                "99999999999999999999",
                Some(Value::Decimal("99999999999999999999".into())),
            ),
            ("0b_", None),
            ("0xffffffffffffffffffffffffffffffffffff", None),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
        assert_eq!(float("1:30.5"), Some(90.5));
        assert_eq!(float("-.5"), Some(-0.5));
        assert_eq!(float(".inf"), None);
        assert_eq!(float(".nan"), None);
    }

    #[test]
    fn moments_with_a_zone_come_in_utc() {
        let at = |text: &str| {
            timestamp(text).map(|value| match value {
                Value::DateTime(moment) => moment.to_string(),
                other => format!("{other:?}"),
            })
        };

        assert_eq!(
            at("2013-01-02T03:04:05").as_deref(),
            Some("2013-01-02 03:04:05")
        );
        assert_eq!(
            at("2013-01-02 03:04:05.5 +1:30").as_deref(),
            Some("2013-01-02 01:34:05.500")
        );
        assert_eq!(
            at("2013-01-02T23:04:05-02").as_deref(),
            Some("2013-01-03 01:04:05")
        );
        assert_eq!(at("2013-02-30"), None);
        assert_eq!(at("0000-01-01"), None);
        assert_eq!(at("2013-01-02T25:04:05"), None);
    }
}
