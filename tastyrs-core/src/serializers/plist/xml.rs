//! The form in XML to values.

use base64::Engine as _;

use super::{
    super::{
        budget::Budget,
        formatting,
        markup::{Elements, Piece},
    },
    invalid,
};
use crate::{
    data::{Data, Value},
    errors::Result,
};

/// An element that has begun.
struct Element {
    name: String,
    text: String,
    children: Vec<Child>,
}

/// What an element holds.
enum Child {
    Name(String),
    Value(Value<'static>),
}

/// Reads a property list; the document type that each of them names is passed over.
///
/// # Errors
///
/// [`Error::BadRequest`](crate::Error::BadRequest) where it is none, or holds more than the budget.
pub(super) fn read(text: &str, budget: Budget) -> Result<Value<'static>> {
    let mut elements = Elements::new(text, budget).with_doctype();
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    while let Some(piece) = elements.next()? {
        match piece {
            Piece::Start(start) => open.push(Element {
                name: start.name().as_ref().to_owned(),
                text: String::new(),
                children: Vec::new(),
            }),
            Piece::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Piece::End => match (open.pop(), open.last_mut()) {
                (Some(element), Some(parent)) => parent.children.push(child(element)?),
                (Some(element), None) if element.name == "plist" => root = Some(element.children),
                _ => return Err(invalid()),
            },
        }
    }
    match <[Child; 1]>::try_from(root.unwrap_or_default()) {
        Ok([Child::Value(value)]) => Ok(value),
        _ => Err(invalid()),
    }
}

fn child(element: Element) -> Result<Child> {
    let text = element.text.trim();
    let value = match element.name.as_str() {
        "key" => return Ok(Child::Name(element.text)),
        "dict" => map(element.children),
        "array" => list(element.children),
        "string" => Some(Value::from(element.text)),
        "integer" => integer(text),
        "real" => text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .map(Value::Float),
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "date" => chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ")
            .ok()
            .map(Value::DateTime),
        "data" => {
            let digits: String = text.split_ascii_whitespace().collect();
            let data = base64::engine::general_purpose::STANDARD.decode(digits);
            data.ok().map(|data| Value::Bytes(data.into()))
        }
        _ => None,
    };
    value.map(Child::Value).ok_or_else(invalid)
}

fn list(children: Vec<Child>) -> Option<Value<'static>> {
    let values = children.into_iter().map(|child| match child {
        Child::Value(value) => Some(value),
        Child::Name(_) => None,
    });
    values.collect::<Option<_>>().map(Value::List)
}

/// Names and values take turns.
fn map(children: Vec<Child>) -> Option<Value<'static>> {
    let mut pairs = Vec::with_capacity(children.len() / 2);
    let mut children = children.into_iter();
    while let Some(name) = children.next() {
        match (name, children.next()?) {
            (Child::Name(name), Child::Value(value)) => pairs.push((name.into(), value)),
            _ => return None,
        }
    }
    Some(Value::Map(Data::from_pairs(pairs)))
}

fn integer(text: &str) -> Option<Value<'static>> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain =
        (1..=4_300).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| formatting::whole_number(text))
}
