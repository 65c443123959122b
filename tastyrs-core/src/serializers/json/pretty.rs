//! Writing with lines and indents, as `json.dumps(indent=2)` does.

use super::{
    super::formatting::DatetimeFormatting,
    write::{word, write_with},
};
use crate::data::Value;

/// Appends a value.
pub(super) fn write(value: &Value<'_>, style: DatetimeFormatting, out: &mut Vec<u8>) {
    nested(value, style, 1, out);
}

fn nested(value: &Value<'_>, style: DatetimeFormatting, depth: usize, out: &mut Vec<u8>) {
    match value {
        Value::List(values) if !values.is_empty() => {
            lines(*b"[]", values.iter(), depth, out, |value, out| {
                nested(value, style, depth + 1, out);
            });
        }
        Value::Map(data) if !data.is_empty() => {
            lines(*b"{}", data.iter(), depth, out, |(key, value), out| {
                word(key, out);
                nested(value, style, depth + 1, out);
            });
        }
        single => write_with(single, style, out),
    }
}

/// Each thing on a line of its own, between brackets.
fn lines<T>(
    brackets: [u8; 2],
    things: impl Iterator<Item = T>,
    depth: usize,
    out: &mut Vec<u8>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    let line = |depth: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    out.push(brackets[0]);
    for (position, thing) in things.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        line(depth, out);
        write(thing, out);
    }
    line(depth - 1, out);
    out.push(brackets[1]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;

    #[test]
    fn has_a_line_for_each_name_and_each_value() {
        let nothing: Vec<i32> = Vec::new();
        let data: Data<'_> = [
            ("a", Value::from(vec![1, 2])),
            ("b", Value::from(nothing)),
            ("c", Value::Map(Data::new())),
            ("d", Value::Map([("e", "f")].into_iter().collect())),
        ]
        .into_iter()
        .collect();

        let mut out = Vec::new();
        write(&Value::Map(data), DatetimeFormatting::Iso8601, &mut out);

        let expected = "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": [],\n  \"c\": {},\n  \"d\": {\n    \"e\": \"f\"\n  }\n}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
