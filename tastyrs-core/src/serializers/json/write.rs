//! Writing, byte for byte as `json.dumps(sort_keys=True, ensure_ascii=False)` does.

use wide::u8x16;

use super::super::formatting::{
    DatetimeFormatting, base64, clock, date, datetime, float, write_fmt,
};
use crate::data::{Name, Value, stored_datetime};

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
            let mut members = Members::open(style, out);
            data.each(|name, value| members.put(name, value));
            members.close();
        }
    }
}

/// A map on its way out: names and their values as they come.
#[derive(Debug)]
pub(crate) struct Members<'o> {
    style: DatetimeFormatting,
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Members<'o> {
    /// Begins one.
    pub(super) fn open(style: DatetimeFormatting, out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self {
            style,
            out,
            is_first: true,
        }
    }

    /// Appends a name and its value.
    #[inline]
    pub(crate) fn put(&mut self, name: Name<'_>, value: &Value<'_>) {
        self.name(name);
        write_with(value, self.style, self.out);
    }

    /// Appends a name and a text, which need not become a value first.
    #[inline]
    pub(crate) fn text(&mut self, name: Name<'_>, text: &str) {
        self.name(name);
        string(text, self.out);
    }

    /// Appends a name, whose value is to be written behind it.
    #[inline]
    pub(super) fn name(&mut self, name: Name<'_>) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.extend_from_slice(b", ");
        }
        match name.json {
            Some(written) => written.append(self.out),
            None => word(name.text, self.out),
        }
    }

    /// Ends it.
    pub(crate) fn close(self) {
        self.out.push(b'}');
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

/// How many bytes are looked at together.
pub(super) const CHUNK: usize = 16;
/// How many bytes are put together, at about, before they are appended.
const BLOCK: usize = 128;

/// A bit for each byte of a chunk that must be escaped, the lowest for the first.
#[inline]
pub(super) fn escaped(chunk: &[u8; CHUNK]) -> u32 {
    let bytes = u8x16::new(*chunk);
    let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
    let is_control = bytes.min(u8x16::splat(b' ' - 1)).simd_eq(bytes);
    (is_control | is(b'"') | is(b'\\')).to_bitmask()
}

/// Bytes that are put together, with room for two chunks behind the last.
struct Block {
    bytes: [u8; BLOCK + 2 * CHUNK],
    length: usize,
    /// Whether all that was escaped has a letter.
    has_letters: bool,
}

impl Block {
    /// Puts the first chunk of these in, escaped by letters.
    #[inline]
    fn put(&mut self, chunks: &[u8; 2 * CHUNK]) {
        let Some(chunk) = chunks.first_chunk() else {
            return;
        };
        // The whole is copied, and what stands behind an escape once more: a length that is known when this is compiled
        // costs least. No place is above the block's length, which is said once more where that is cheap.
        self.bytes[self.length % BLOCK..][..CHUNK].copy_from_slice(chunk);
        let mut left = escaped(chunk);
        while left != 0 {
            let place = left.trailing_zeros() as usize % CHUNK;
            left &= left - 1;
            let letter = ESCAPES[usize::from(chunk[place])];
            self.has_letters &= letter != b'u';
            let behind = &mut self.bytes[(self.length + place) % BLOCK..][..2 + CHUNK];
            behind[..2].copy_from_slice(&[b'\\', letter]);
            behind[2..].copy_from_slice(&chunks[place + 1..][..CHUNK]);
            self.length += 1;
        }
        self.length += CHUNK;
    }

    /// Appends what was put together, where it has come to be much.
    #[inline]
    fn append_much(&mut self, out: &mut Vec<u8>) {
        // Another chunk may take twice its length.
        if self.length > BLOCK - 2 * CHUNK {
            out.extend_from_slice(&self.bytes[..self.length]);
            self.length = 0;
        }
    }
}

/// Appends text between quotes.
fn string(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    let mut block = Block {
        bytes: [b'"'; BLOCK + 2 * CHUNK],
        length: 1,
        has_letters: true,
    };
    let mut rest = text.as_bytes();
    while let Some(chunks) = rest.first_chunk() {
        block.put(chunks);
        block.append_much(out);
        rest = &rest[CHUNK..];
    }
    // Less than two chunks are left, and made up with spaces.
    let mut last = [b' '; 3 * CHUNK];
    last[..rest.len()].copy_from_slice(rest);
    for place in [0, CHUNK] {
        if place <= rest.len()
            && let Some(chunks) = last[place..].first_chunk()
        {
            block.append_much(out);
            block.put(chunks);
            let spaces = CHUNK.saturating_sub(rest.len() - place);
            block.length -= spaces;
        }
    }
    block.bytes[block.length] = b'"';
    out.extend_from_slice(&block.bytes[..=block.length]);
    if !block.has_letters {
        out.truncate(start);
        with_numbers(text, out);
    }
}

/// Appends text between quotes where characters without a letter are escaped by their numbers.
#[cold]
fn with_numbers(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match ESCAPES[usize::from(byte)] {
            0 => out.push(byte),
            b'u' => write_fmt(out, format_args!("\\u{byte:04x}")),
            letter => out.extend_from_slice(&[b'\\', letter]),
        }
    }
    out.push(b'"');
}

/// Appends a name between quotes, and a colon; most are short words.
pub(super) fn word(text: &str, out: &mut Vec<u8>) {
    if !short_name::<8, 24>(text, out) && !short_name::<4, 16>(text, out) {
        string(text, out);
        out.extend_from_slice(b": ");
    }
}

/// Appends a name of `HALF` to twice as many bytes, its two halves overlapping; whether it was one, and a plain one.
///
/// Copies of a length that is known when this is compiled cost less than half of others. `ROOM` is what the name takes
/// with all that stands around it.
fn short_name<const HALF: usize, const ROOM: usize>(text: &str, out: &mut Vec<u8>) -> bool {
    let bytes = text.as_bytes();
    let (Some(head), Some(tail), true) = (
        bytes.first_chunk::<HALF>(),
        bytes.last_chunk::<HALF>(),
        bytes.len() <= 2 * HALF,
    ) else {
        return false;
    };
    let mut both = [b' '; CHUNK];
    both[..HALF].copy_from_slice(head);
    both[CHUNK - HALF..].copy_from_slice(tail);
    if escaped(&both) != 0 {
        return false;
    }
    let mut quoted = [b'"'; ROOM];
    let end = bytes.len() + 1;
    quoted[1..=HALF].copy_from_slice(head);
    quoted[end - HALF..end].copy_from_slice(tail);
    quoted[end..end + 3].copy_from_slice(b"\": ");
    out.extend_from_slice(&quoted);
    out.truncate(out.len() - ROOM + end + 3);
    true
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{super::JsonName, *};

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
        let long = "0123456789\u{1}abcdef\"".repeat(40);
        assert_eq!(
            json(long.as_str()),
            format!("\"{}\"", r#"0123456789\u0001abcdef\""#.repeat(40))
        );
    }

    #[test]
    fn text_of_every_length_and_every_density_of_escapes_is_written_whole() {
        for length in 0..300 {
            for every in [1, 2, 3, 7, 16, 17, 40] {
                let text: String = (0..length)
                    .map(|place| if place % every == 0 { '"' } else { 'x' })
                    .collect();
                assert_eq!(
                    json(text.as_str()),
                    format!("\"{}\"", text.replace('"', "\\\""))
                );
            }
        }
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
    fn names_of_every_length_are_written_as_text_is() {
        for length in 0..40 {
            for odd in ["", "\"", "é"] {
                let word = format!("{}{odd}", "n".repeat(length));
                let mut out = Vec::new();
                super::word(&word, &mut out);
                let known = JsonName::new(&word);
                known.append(&mut out);
                assert_eq!(
                    String::from_utf8(out).unwrap(),
                    format!("{}: ", json(word.as_str())).repeat(2)
                );
            }
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
