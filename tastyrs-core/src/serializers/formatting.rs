//! What single values are as text.

use std::{borrow::Cow, io::Write as _};

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};

use crate::data::{Value, stored_datetime};

/// How days and times are written.
///
/// # Compatibility
///
/// `TASTYPIE_DATETIME_FORMATTING`, `serializers.py:151`, and `utils/formatting.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DatetimeFormatting {
    /// `2016-02-29T23:59:59.999999`
    #[default]
    Iso8601,
    /// `2016-02-29T23:59:59`, microseconds cut.
    Iso8601Strict,
    /// `Mon, 29 Feb 2016 23:59:59 +0000`, `29 Feb 2016` and `23:59:59 +0000`.
    Rfc2822,
}

/// The text of a value that formats write as text: text, decimals, days, times, UUIDs, and bytes in base 64.
pub(super) fn text<'v>(value: &'v Value<'_>, style: DatetimeFormatting) -> Option<Cow<'v, str>> {
    let mut out = Vec::new();
    match value {
        Value::Text(text) | Value::Decimal(text) => return Some(Cow::Borrowed(text)),
        Value::Date(day) => date(*day, style, &mut out),
        Value::Time(time) => clock(*time, style, &mut out),
        Value::DateTime(moment) => datetime(*moment, style, &mut out),
        Value::StoredDateTime(stored) => datetime(stored_datetime(stored)?, style, &mut out),
        Value::Uuid(uuid) => return Some(Cow::Owned(uuid.hyphenated().to_string())),
        Value::Bytes(bytes) => base64(bytes, &mut out),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::List(_)
        | Value::Map(_) => return None,
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

/// A whole number of these digits, which must be some, behind a sign or none.
pub(super) fn whole_number(digits: &str) -> Value<'static> {
    let signed = digits.parse().map(Value::Int);
    signed
        .or_else(|_| digits.parse().map(Value::UInt))
        .unwrap_or_else(|_| Value::Decimal(digits.to_owned().into()))
}

/// Python's `repr(float)`: the shortest digits that read back the same, an exponent below 1e-4 and from 1e16 on.
pub(super) fn float(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
        return;
    }
    if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 {
            b"Infinity" as &[u8]
        } else {
            b"-Infinity"
        });
        return;
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        // `1.5e-7` here is `1.5e-07` there.
        let shortest = format!("{number:e}");
        let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
        let (sign, exponent) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |exponent| ('-', exponent));
        write_fmt(out, format_args!("{digits}e{sign}{exponent:0>2}"));
    } else if number.fract() == 0.0 {
        write_fmt(out, format_args!("{number:.1}"));
    } else {
        write_fmt(out, format_args!("{number}"));
    }
}

pub(super) fn write_fmt(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(arguments);
}

pub(super) fn date(day: NaiveDate, style: DatetimeFormatting, out: &mut Vec<u8>) {
    let (year, month) = (day.year(), day.month());
    if style == DatetimeFormatting::Rfc2822 {
        write_fmt(
            out,
            format_args!("{} {} {year:04}", day.day(), day.format("%b")),
        );
        return;
    }
    match u32::try_from(year) {
        Ok(year @ 0..=9999) => {
            two_digits(year / 100, out);
            two_digits(year % 100, out);
        }
        _ => write_fmt(out, format_args!("{year:04}")),
    }
    out.push(b'-');
    two_digits(month, out);
    out.push(b'-');
    two_digits(day.day(), out);
}

/// A number below a hundred. Days and times are most of what an object has, and `format_args` takes ten times as long.
fn two_digits(number: u32, out: &mut Vec<u8>) {
    let digit = |digit: u32| b'0' + u8::try_from(digit % 10).unwrap_or_default();
    out.extend_from_slice(&[digit(number / 10), digit(number)]);
}

/// Six digits of fraction, or none.
pub(super) fn clock(time: NaiveTime, style: DatetimeFormatting, out: &mut Vec<u8>) {
    two_digits(time.hour(), out);
    out.push(b':');
    two_digits(time.minute(), out);
    out.push(b':');
    two_digits(time.second(), out);
    let micros = time.nanosecond() / 1_000 % 1_000_000;
    match style {
        DatetimeFormatting::Iso8601 if micros > 0 => {
            out.push(b'.');
            two_digits(micros / 10_000, out);
            two_digits(micros / 100 % 100, out);
            two_digits(micros % 100, out);
        }
        DatetimeFormatting::Iso8601 | DatetimeFormatting::Iso8601Strict => {}
        DatetimeFormatting::Rfc2822 => out.extend_from_slice(b" +0000"),
    }
}

pub(super) fn datetime(moment: NaiveDateTime, style: DatetimeFormatting, out: &mut Vec<u8>) {
    if style == DatetimeFormatting::Rfc2822 {
        write_fmt(
            out,
            format_args!(
                "{}, {:02} {} ",
                moment.format("%a"),
                moment.day(),
                moment.format("%b")
            ),
        );
        write_fmt(out, format_args!("{:04} ", moment.year()));
    } else {
        date(moment.date(), style, out);
        out.push(b'T');
    }
    clock(moment.time(), style, out);
}

pub(super) fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    use base64::Engine as _;
    out.extend_from_slice(
        base64::engine::general_purpose::STANDARD
            .encode(bytes)
            .as_bytes(),
    );
}

/// Python's `str(float)`, which writes what is no number in small letters.
pub(crate) fn float_text(number: f64) -> String {
    if number.is_finite() {
        let mut out = Vec::new();
        float(number, &mut out);
        String::from_utf8(out).unwrap_or_default()
    } else if number.is_nan() {
        "nan".to_owned()
    } else {
        if number > 0.0 { "inf" } else { "-inf" }.to_owned()
    }
}
