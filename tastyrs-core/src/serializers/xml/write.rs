//! Values to elements.

use super::super::{Options, markup::names};
use crate::data::{Data, Value};

/// Appends the element around all.
///
/// # Compatibility
///
/// `to_etree` at depth 0, `serializers.py:278`: an object is `object`, any other data `response`, a list `objects`.
pub(super) fn root(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    match value {
        Value::Map(data) => {
            let name = if data.is_object() {
                "object"
            } else {
                "response"
            };
            element(name, None, !data.is_empty(), out, |out| {
                children(data, options, out);
            });
        }
        Value::List(values) => list("objects", None, values, options, out),
        single => scalar("value", single, options, out),
    }
}

/// Appends the element of a value within others.
fn nested(name: Option<&str>, value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    match value {
        Value::Map(data) => {
            let hint = (!data.is_object()).then_some("hash");
            let name = name.unwrap_or("object");
            element(name, hint, !data.is_empty(), out, |out| {
                children(data, options, out);
            });
        }
        Value::List(values) => {
            let hint = name.map(|_| "list");
            list(name.unwrap_or("objects"), hint, values, options, out);
        }
        single => scalar(name.unwrap_or("value"), single, options, out),
    }
}

fn children(data: &Data<'_>, options: &Options, out: &mut Vec<u8>) {
    data.each(|name, value| {
        nested(Some(&names::element(name.text)), value, options, out);
    });
}

fn list(
    name: &str,
    hint: Option<&str>,
    values: &[Value<'_>],
    options: &Options,
    out: &mut Vec<u8>,
) {
    element(name, hint, !values.is_empty(), out, |out| {
        for value in values {
            nested(None, value, options, out);
        }
    });
}

fn scalar(name: &str, value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    let hint = match value {
        Value::Null => Some("null"),
        Value::Bool(_) => Some("boolean"),
        Value::Int(_) | Value::UInt(_) => Some("integer"),
        Value::Float(_) => Some("float"),
        _ => None,
    };
    let content = options.text(value);
    element(name, hint, content.is_some(), out, |out| {
        text(content.as_deref().unwrap_or_default(), out);
    });
}

/// Appends an element; one without content ends where it begins.
fn element(
    name: &str,
    hint: Option<&str>,
    has_content: bool,
    out: &mut Vec<u8>,
    content: impl FnOnce(&mut Vec<u8>),
) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    if let Some(hint) = hint {
        out.extend_from_slice(b" type=\"");
        out.extend_from_slice(hint.as_bytes());
        out.push(b'"');
    }
    if !has_content {
        out.extend_from_slice(b"/>");
        return;
    }
    out.push(b'>');
    content(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// Appends text; what cannot stand in XML becomes U+FFFD.
///
/// # Compatibility
///
/// There such text answers 500.
fn text(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '\r' => out.extend_from_slice(b"&#13;"),
            letter => {
                let letter = if names::is_character(letter) {
                    letter
                } else {
                    char::REPLACEMENT_CHARACTER
                };
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        root(value, &Options::default(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn objects_have_no_type_and_other_data_is_a_hash() {
        let note: Data<'_> = [("id", Value::Int(1)), ("title", Value::from("a"))]
            .into_iter()
            .collect();
        let list: Data<'_> = [
            ("meta", Value::Map([("limit", 20)].into_iter().collect())),
            ("objects", Value::from(vec![note.clone().into_object()])),
            ("tags", Value::from(vec!["x"])),
        ]
        .into_iter()
        .collect();

        assert_eq!(
            xml(&Value::Map(list)),
            "<response><meta type=\"hash\"><limit type=\"integer\">20</limit></meta><objects type=\"list\">\
             <object><id type=\"integer\">1</id><title>a</title></object></objects>\
             <tags type=\"list\"><value>x</value></tags></response>"
        );
        assert_eq!(
            xml(&Value::Map(note.into_object())),
            "<object><id type=\"integer\">1</id><title>a</title></object>"
        );
    }

    #[test]
    fn values_are_told_apart_by_their_type() {
        let data: Data<'_> = [
            ("a", Value::Null),
            ("b", Value::Bool(true)),
            ("c", Value::Float(1e-7)),
            ("d", Value::from("")),
            ("e", Value::List(Vec::new())),
            ("f", Value::List(vec![Value::List(vec![Value::Int(1)])])),
        ]
        .into_iter()
        .collect();

        assert_eq!(
            xml(&Value::Map(data)),
            "<response><a type=\"null\"/><b type=\"boolean\">True</b><c type=\"float\">1e-07</c><d></d>\
             <e type=\"list\"/><f type=\"list\"><objects><value type=\"integer\">1</value></objects></f></response>"
        );
    }

    #[test]
    fn what_cannot_stand_in_xml_is_replaced() {
        let data: Data<'_> = [("1/a b", "<&>\u{1}\r\n\u{fffe}"), ("", "x")]
            .into_iter()
            .collect();

        assert_eq!(
            xml(&Value::Map(data)),
            "<response><_>x</_><_1_a_b>&lt;&amp;&gt;\u{fffd}&#13;\n\u{fffd}</_1_a_b></response>"
        );
    }
}
