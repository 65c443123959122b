//! Elements to values.

use quick_xml::events::BytesStart;

use super::super::{
    budget::Budget,
    formatting,
    markup::{Elements, Piece},
};
use crate::{
    data::{Data, Value},
    errors::{Error, Result},
};

/// An element that has begun.
struct Element {
    name: String,
    /// Its attribute `type`.
    hint: Option<String>,
    text: String,
    children: Vec<(String, Value<'static>)>,
}

/// Reads one element, and nothing behind it.
///
/// # Errors
///
/// [`Error::BadRequest`] where the text is no XML, has a document type or entities of its own, or holds more than the
/// budget.
///
/// # Compatibility
///
/// `from_etree`, `serializers.py:328`. Where an element that holds others does not say what it is, it is taken for a
/// hash; there it is null.
pub(super) fn read(text: &str, budget: Budget) -> Result<Value<'static>> {
    let mut elements = Elements::new(text, budget);
    let mut open: Vec<Element> = Vec::new();
    let mut root = Value::Null;
    while let Some(piece) = elements.next()? {
        match piece {
            Piece::Start(start) => open.push(begun(&start, &mut elements)?),
            Piece::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Piece::End => match (open.pop(), open.last_mut()) {
                (Some(element), Some(parent)) => {
                    let name = element.name.clone();
                    parent.children.push((name, value(element)?));
                }
                (Some(element), None) => root = outermost(element)?,
                (None, _) => {}
            },
        }
    }
    Ok(root)
}

fn begun(start: &BytesStart<'_>, elements: &mut Elements<'_>) -> Result<Element> {
    let mut hint = None;
    // The check for names that come twice takes the square of their number.
    for attribute in start.attributes().with_checks(false) {
        elements.take_node()?;
        let attribute = attribute.map_err(|_| Error::bad_request(""))?;
        if attribute.key.as_ref() == "type" && hint.replace(attribute.value.into_owned()).is_some()
        {
            return Err(Error::bad_request(""));
        }
    }
    Ok(Element {
        name: start.name().as_ref().to_owned(),
        hint,
        text: String::new(),
        children: Vec::new(),
    })
}

fn map(children: Vec<(String, Value<'static>)>) -> Value<'static> {
    let pairs = children
        .into_iter()
        .map(|(name, value)| (name.into(), value));
    Value::Map(Data::from_pairs(pairs.collect()))
}

/// What the element around all denotes: `request` may stand around an object or objects.
fn outermost(mut element: Element) -> Result<Value<'static>> {
    if element.name == "request" {
        let wrapped = element
            .children
            .iter()
            .position(|(name, _)| matches!(name.as_str(), "object" | "objects"));
        return Ok(match wrapped {
            Some(place) => element.children.swap_remove(place).1,
            None => map(element.children),
        });
    }
    if element.name == "response" && element.hint.is_none() {
        return Ok(map(element.children));
    }
    value(element)
}

fn value(element: Element) -> Result<Value<'static>> {
    let Element {
        name,
        hint,
        text,
        children,
    } = element;
    let list = |children: Vec<(String, Value<'static>)>| {
        Value::List(children.into_iter().map(|(_, value)| value).collect())
    };
    Ok(match (hint.as_deref(), name.as_str()) {
        (Some("hash"), _) | (None, "object") => map(children),
        (Some("list"), _) | (None, "objects") => list(children),
        (Some("integer"), _) => integer(text.trim())?,
        (Some("float"), _) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => return Err(no_number()),
        },
        (Some("boolean"), _) => Value::Bool(text == "True"),
        (None, _) if !children.is_empty() => map(children),
        (Some("string") | None, _) if !text.is_empty() => Value::from(text),
        _ => Value::Null,
    })
}

fn integer(text: &str) -> Result<Value<'static>> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    if bare.is_empty() || bare.len() > 4_300 || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(no_number());
    }
    Ok(formatting::whole_number(digits))
}

fn no_number() -> Error {
    Error::bad_request("The XML has a number that is none.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Option<Value<'static>> {
        read(text, Budget::default()).ok()
    }

    fn pairs<const N: usize>(pairs: [(&'static str, Value<'static>); N]) -> Value<'static> {
        Value::Map(pairs.into_iter().collect())
    }

    #[test]
    fn types_come_from_the_hints() {
        let text = "<?xml version='1.0' encoding='latin-1'?>\n<object><a>x &amp; <![CDATA[<y>]]> &#233;</a>\
            <b type=\"integer\"> -12 </b><c type='float'>1e-07</c><d type=\"boolean\">True</d><e type=\"null\"/><f/>\
            <g type=\"list\"><value>1</value><value type=\"integer\">2</value></g><h type=\"hash\"><i>j</i></h>\
            <k type=\"integer\">100000000000000000000</k><!-- --></object>";

        let read = read_all(text);

        let expected = pairs([
            ("a", "x & <y> é".into()),
            ("b", Value::Int(-12)),
            ("c", Value::Float(1e-7)),
            ("d", Value::Bool(true)),
            ("e", Value::Null),
            ("f", Value::Null),
            ("g", Value::List(vec!["1".into(), Value::Int(2)])),
            ("h", pairs([("i", "j".into())])),
            ("k", Value::Decimal("100000000000000000000".into())),
        ]);
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn a_request_may_stand_around_it() {
        let one = || pairs([("a", "1".into())]);

        assert_eq!(
            read_all("<request><object><a>1</a></object></request>"),
            Some(one())
        );
        assert_eq!(read_all("<request><a>1</a></request>"), Some(one()));
        assert_eq!(read_all("<response><a>1</a></response>"), Some(one()));
        assert_eq!(
            read_all(
                "<request><objects type=\"list\"><object><a>1</a></object></objects></request>"
            ),
            Some(Value::List(vec![one()]))
        );
        assert_eq!(
            read_all("<object><b>\n <a>1</a>\n</b></object>"),
            Some(pairs([("b", one())]))
        );
    }

    #[test]
    fn what_is_no_xml_is_refused_without_a_word() {
        for text in [
            "",
            " ",
            "x",
            "<object><name>",
            "<object></objects>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "</a>",
            "<a>&nbsp;</a>",
            "<a>&#0;</a>",
            "<a>&#1;</a>",
            "<a>\u{1}</a>",
            "<a>&</a>",
            "<1/>",
            "<a<b/>",
            "<a type='x' type='y'/>",
            "<a type=x/>",
            "&amp;<a/>",
            "<a>&#xd800;</a>",
            "<a>&lt</a>",
            "<",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE x SYSTEM \"x.dtd\"><object/>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<![CDATA[x]]><a/>",
        ] {
            let error = read(text, Budget::default()).unwrap_err();
            assert_eq!(error.to_string(), "", "{text}");
        }
        for text in [
            "<a type='integer'>x</a>",
            "<a type='integer'/>",
            "<a type='float'>nan</a>",
            "<a type='float'>1e999</a>",
        ] {
            assert_eq!(read_all(text), None, "{text}");
        }
    }

    #[test]
    fn depth_elements_and_attributes_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let attributes: Vec<String> = (0..300_000)
            .map(|number| format!(" a{number}=''"))
            .collect();
        let attributes = attributes.concat();

        assert!(read_all(&nested(128)).is_some());
        assert_eq!(read_all(&nested(129)), None);
        assert_eq!(read_all(&"<a>".repeat(600_000)), None);
        assert_eq!(
            read_all(&format!("<a>{}</a>", "<b/>".repeat(250_001))),
            None
        );
        assert_eq!(read_all(&format!("<a{attributes}/>")), None);
    }
}
