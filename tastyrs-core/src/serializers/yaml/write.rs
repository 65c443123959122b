//! Values to text, in block style; what is not plain ASCII is escaped.

use super::{super::Options, resolve};
use crate::data::{Data, Value};

/// Appends a document.
pub(super) fn root(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    match value {
        Value::Map(data) if !data.is_empty() => entries(data, 0, options, out),
        Value::List(values) if !values.is_empty() => items(values, 0, options, out),
        single => scalar(single, options, out),
    }
    out.push(b'\n');
}

fn line(indent: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + indent, b' ');
}

/// Appends the entries of a map; the first stands where the text ends.
fn entries(data: &Data<'_>, indent: usize, options: &Options, out: &mut Vec<u8>) {
    let mut behind = false;
    data.each(|name, value| {
        let name = name.text;
        if std::mem::replace(&mut behind, true) {
            line(indent, out);
        }
        // A name of more than 1024 characters must be told from a value; PyYAML does so from 128 on.
        if name.len() < 128 {
            text(name, out);
        } else {
            out.extend_from_slice(b"? ");
            text(name, out);
            line(indent, out);
        }
        out.push(b':');
        match value {
            Value::Map(data) if !data.is_empty() => {
                line(indent + 2, out);
                entries(data, indent + 2, options, out);
            }
            Value::List(values) if !values.is_empty() => {
                line(indent, out);
                items(values, indent, options, out);
            }
            single => {
                out.push(b' ');
                scalar(single, options, out);
            }
        }
    });
}

/// Appends the items of a list; the first stands where the text ends.
fn items(values: &[Value<'_>], indent: usize, options: &Options, out: &mut Vec<u8>) {
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            line(indent, out);
        }
        out.extend_from_slice(b"- ");
        match value {
            Value::Map(data) if !data.is_empty() => entries(data, indent + 2, options, out),
            Value::List(values) if !values.is_empty() => items(values, indent + 2, options, out),
            single => scalar(single, options, out),
        }
    }
}

fn scalar(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Float(number) => float(*number, options, out),
        Value::Int(_) | Value::UInt(_) => {
            out.extend_from_slice(options.text(value).unwrap_or_default().as_bytes());
        }
        Value::List(_) => out.extend_from_slice(b"[]"),
        Value::Map(_) => out.extend_from_slice(b"{}"),
        other => text(&options.text(other).unwrap_or_default(), out),
    }
}

/// # Compatibility
///
/// `represent_float` of PyYAML: `1e+16` would be text, so it is `1.0e+16`.
fn float(number: f64, options: &Options, out: &mut Vec<u8>) {
    let repr: &[u8] = if number.is_nan() {
        b".nan"
    } else if number.is_infinite() {
        if number > 0.0 { b".inf" } else { b"-.inf" }
    } else {
        let value = Value::Float(number);
        let repr = options.text(&value).unwrap_or_default();
        if repr.contains('.') {
            out.extend_from_slice(repr.as_bytes());
        } else {
            out.extend_from_slice(repr.replacen('e', ".0e", 1).as_bytes());
        }
        return;
    };
    out.extend_from_slice(repr);
}

/// Appends text: plain where it is read back as the same text, else in quotes.
fn text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        if is_plain(text) {
            out.extend_from_slice(text.as_bytes());
        } else {
            out.push(b'\'');
            out.extend_from_slice(text.replace('\'', "''").as_bytes());
            out.push(b'\'');
        }
        return;
    }
    out.push(b'"');
    for letter in text.chars() {
        let short = match letter {
            '"' | '\\' => Some(letter),
            '\0' => Some('0'),
            '\u{7}' => Some('a'),
            '\u{8}' => Some('b'),
            '\t' => Some('t'),
            '\n' => Some('n'),
            '\u{b}' => Some('v'),
            '\u{c}' => Some('f'),
            '\r' => Some('r'),
            '\u{1b}' => Some('e'),
            '\u{85}' => Some('N'),
            '\u{a0}' => Some('_'),
            '\u{2028}' => Some('L'),
            '\u{2029}' => Some('P'),
            _ => None,
        };
        let code = u32::from(letter);
        let escape = match (short, code) {
            (Some(short), _) => format!("\\{short}"),
            (None, 0x20..=0x7e) => letter.to_string(),
            (None, 0..=0xff) => format!("\\x{code:02X}"),
            (None, 0..=0xffff) => format!("\\u{code:04X}"),
            (None, _) => format!("\\U{code:08X}"),
        };
        out.extend_from_slice(escape.as_bytes());
    }
    out.push(b'"');
}

/// # Compatibility
///
/// `analyze_scalar` of PyYAML, for text of one line within a block.
fn is_plain(text: &str) -> bool {
    let ends_word = |behind: Option<&u8>| behind.is_none_or(|byte| *byte == b' ');
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else {
        return false;
    };
    let begins_otherwise = b"#,[]{}&*!|>'\"%@`".contains(first)
        || (b"?-".contains(first) && ends_word(bytes.get(1)))
        || text.starts_with("---")
        || text.starts_with("...");
    let spaced = *first == b' ' || bytes.ends_with(b" ");
    let has_mark = bytes.iter().enumerate().any(|(place, byte)| match byte {
        b':' => ends_word(bytes.get(place + 1)),
        b'#' => place > 0 && bytes.get(place - 1) == Some(&b' '),
        _ => false,
    });
    !begins_otherwise && !spaced && !has_mark && resolve::kind(text) == resolve::Kind::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        root(value, &Options::default(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn maps_and_lists_are_blocks() {
        let inner = || Value::Map([("x", 1), ("y", 2)].into_iter().collect());
        let data: Data<'_> = [
            ("a", inner()),
            (
                "b",
                Value::List(vec![inner(), Value::List(vec![Value::Int(3), inner()])]),
            ),
            ("c", Value::List(Vec::new())),
            ("d", Value::Map(Data::new())),
            ("e", Value::Null),
        ]
        .into_iter()
        .collect();

        assert_eq!(
            yaml(&Value::Map(data)),
            "a:\n  x: 1\n  y: 2\nb:\n- x: 1\n  y: 2\n- - 3\n  - x: 1\n    y: 2\nc: []\nd: {}\ne: null\n"
        );
    }

    #[test]
    fn text_is_quoted_where_it_would_be_read_as_something_else() {
        for (text, wanted) in [
            ("She said \"stir\"", "She said \"stir\""),
            ("It's", "It's"),
            ("It's: 'x'", "'It''s: ''x'''"),
            ("null", "'null'"),
            ("None", "None"),
            ("yes", "'yes'"),
            ("17:23:41", "'17:23:41'"),
            ("2010-03-19", "'2010-03-19'"),
            ("12", "'12'"),
            ("", "''"),
            (" a", "' a'"),
            ("a #b", "'a #b'"),
            ("a#b", "a#b"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("*a", "'*a'"),
            ("é\n\u{2028}🍰\\", "\"\\xE9\\n\\L\\U0001F370\\\\\""),
        ] {
            assert_eq!(yaml(&Value::from(text)), format!("{wanted}\n"));
        }
        assert_eq!(yaml(&Value::Float(1e16)), "1.0e+16\n");
        assert_eq!(yaml(&Value::Float(-1.5e300)), "-1.5e+300\n");
    }
}
