//! Writing, byte for byte as `json.dumps(sort_keys=True, ensure_ascii=False)` does.

use super::super::formatting::{
    DatetimeFormatting, base64, clock, date, datetime, float, write_fmt,
};
use crate::data::{Value, stored_datetime};

/// Appends a value, days and times in a form of their own.
pub(in crate::serializers) fn write_with(
    value: &Value<'_>,
    style: DatetimeFormatting,
    out: &mut Vec<u8>,
) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => integer(*number, out),
        Value::UInt(number) => integer(*number, out),
        Value::Float(number) => float(*number, out),
        Value::Decimal(digits) => {
            out.push(b'"');
            out.extend_from_slice(digits.as_bytes());
            out.push(b'"');
        }
        Value::Text(text) => string(text, out),
        Value::Date(day) => quoted(out, |out| date(*day, style, out)),
        Value::Time(time) => quoted(out, |out| clock(*time, style, out)),
        Value::DateTime(moment) => quoted(out, |out| datetime(*moment, style, out)),
        Value::StoredDateTime(text) if style != DatetimeFormatting::Iso8601 => {
            write_with(
                &stored_datetime(text).map_or(Value::Null, Value::DateTime),
                style,
                out,
            );
        }
        Value::StoredDateTime(text) => quoted(out, |out| {
            let start = out.len();
            out.extend_from_slice(text.as_bytes());
            if let Some(separator) = out.get_mut(start + 10) {
                *separator = b'T';
            }
        }),
        Value::Uuid(uuid) => {
            quoted(out, |out| {
                out.extend_from_slice(uuid.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
            });
        }
        Value::Bytes(bytes) => quoted(out, |out| base64(bytes, out)),
        Value::List(values) => {
            out.push(b'[');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                write_with(value, style, out);
            }
            out.push(b']');
        }
        Value::Map(data) => {
            out.push(b'{');
            for (position, (key, value)) in data.iter().enumerate() {
                if position > 0 {
                    out.extend_from_slice(b", ");
                }
                name(key, out);
                write_with(value, style, out);
            }
            out.push(b'}');
        }
    }
}

fn quoted(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    body(out);
    out.push(b'"');
}

fn integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The escapes of the characters below a space, a quote and a backslash; 0 for none.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// The highest bit of each byte of a word that must be escaped.
fn escapes_in(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOWS: u64 = ONES * 0x7f;
    let at_least = |word: u64, bound: u64| ((word & LOWS) + ONES * (0x80 - bound)) | word;
    let is_text = at_least(word, 0x20);
    let is_no_quote = at_least(word ^ (ONES * 0x22), 1);
    let is_no_backslash = at_least(word ^ (ONES * 0x5c), 1);
    !(is_text & is_no_quote & is_no_backslash) & !LOWS
}

/// Appends text between quotes: what stays as it is is copied by words of eight bytes.
fn string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 10);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = escapes_in(u64::from_le_bytes(*word));
        if found == 0 {
            out.extend_from_slice(word);
            rest = behind;
            continue;
        }
        // The whole word is copied, and what is wrong of it taken back: cheaper than a copy of any length.
        let plain = (found.trailing_zeros() / 8) as usize;
        let end = out.len() + plain;
        out.extend_from_slice(word);
        out.truncate(end);
        escape(word[plain], out);
        rest = rest.get(plain + 1..).unwrap_or_default();
    }
    for byte in rest {
        if ESCAPES[usize::from(*byte)] == 0 {
            out.push(*byte);
        } else {
            escape(*byte, out);
        }
    }
    out.push(b'"');
}

/// Appends a name between quotes; most are words.
pub(super) fn name(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| ESCAPES[usize::from(byte)] == 0) {
        out.reserve(text.len() + 4);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\": ");
    } else {
        string(text, out);
        out.extend_from_slice(b": ");
    }
}

/// Appends a byte that must be escaped.
fn escape(byte: u8, out: &mut Vec<u8>) {
    match ESCAPES[usize::from(byte)] {
        b'u' => write_fmt(out, format_args!("\\u{byte:04x}")),
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn json<'a>(value: impl Into<Value<'a>>) -> String {
        let mut out = Vec::new();
        write_with(&value.into(), DatetimeFormatting::Iso8601, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_written_as_python_does() {
        for (number, written) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-7, "1e-07"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (f64::MAX, "1.7976931348623157e+308"),
            (-1.5e300, "-1.5e+300"),
            (5e-324, "5e-324"),
            (123_456_789.987_654_33, "123456789.98765433"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(json(number), written);
        }
    }

    #[test]
    fn text_keeps_its_letters_and_escapes_only_what_it_must() {
        assert_eq!(
            json("日本語 🍰 é \u{7f} / <b>"),
            "\"日本語 🍰 é \u{7f} / <b>\""
        );
        assert_eq!(
            json("a\"b\\c\nd\re\tf\u{8}g\u{c}h\u{1}i\u{1f}"),
            r#""a\"b\\c\nd\re\tf\bg\fh\u0001i\u001f""#
        );
        assert_eq!(json("0123456\"01234567"), r#""0123456\"01234567""#);
    }

    #[test]
    fn every_escape_is_found_at_every_place() {
        for length in 0..80 {
            for place in 0..length {
                for byte in (0..0x20).chain([b'"', b'\\']) {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    let written = json(std::str::from_utf8(&text).unwrap());

                    let read: String = serde_json::from_str(&written).unwrap();
                    assert_eq!(read.as_bytes(), text, "{written}");
                }
            }
            let plain = "é!~\u{7f}".repeat(length);
            assert_eq!(json(plain.as_str()), format!("\"{plain}\""));
        }
    }

    #[test]
    fn moments_have_six_digits_of_fraction_or_none() {
        let day = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();

        assert_eq!(
            json(day.and_hms_opt(0, 0, 0).unwrap()),
            "\"0001-01-01T00:00:00\""
        );
        assert_eq!(
            json(day.and_hms_micro_opt(6, 7, 8, 120_000).unwrap()),
            "\"0001-01-01T06:07:08.120000\""
        );
        assert_eq!(
            json(Value::StoredDateTime("2010-03-19 01:18:01")),
            "\"2010-03-19T01:18:01\""
        );
    }

    #[test]
    fn maps_and_lists_have_a_space_behind_each_separator() {
        let map: crate::data::Data<'_> = [
            ("b", Value::from(vec![1, 2])),
            ("a", Value::Decimal("18.20".into())),
        ]
        .into_iter()
        .collect();

        assert_eq!(json(map), r#"{"a": "18.20", "b": [1, 2]}"#);
    }
}
