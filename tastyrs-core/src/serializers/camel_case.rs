//! Names in the manner of JavaScript: `resource_uri` goes out as `resourceUri`, and comes back.

use std::borrow::Cow;

use crate::data::{Data, Value};

/// The same value, its names in camel case.
///
/// # Compatibility
///
/// The recipe "Converting to camelCase" of Tastypie's cookbook; `a_b_c`, of which it makes `aB_c`, becomes `aBC`.
pub(super) fn camelize<'v>(value: &'v Value<'_>) -> Value<'v> {
    match value {
        Value::Null => Value::Null,
        Value::Bool(flag) => Value::Bool(*flag),
        Value::Int(number) => Value::Int(*number),
        Value::UInt(number) => Value::UInt(*number),
        Value::Float(number) => Value::Float(*number),
        Value::Decimal(digits) => Value::Decimal(Cow::Borrowed(digits)),
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        Value::Date(day) => Value::Date(*day),
        Value::Time(time) => Value::Time(*time),
        Value::DateTime(moment) => Value::DateTime(*moment),
        Value::StoredDateTime(text) => Value::StoredDateTime(text),
        Value::Uuid(uuid) => Value::Uuid(*uuid),
        Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        Value::List(values) => Value::List(values.iter().map(camelize).collect()),
        Value::Map(data) => {
            let pairs = data
                .iter()
                .map(|(name, value)| (camel(name), camelize(value)));
            Value::Map(Data::from_pairs(pairs.collect()).like(data))
        }
    }
}

/// The same value, its names in snake case.
pub(super) fn snakeize(value: Value<'static>) -> Value<'static> {
    match value {
        Value::List(values) => Value::List(values.into_iter().map(snakeize).collect()),
        Value::Map(data) => {
            let pairs = data
                .into_pairs()
                .map(|(name, value)| (snake(name), snakeize(value)));
            Value::Map(Data::from_pairs(pairs.collect()))
        }
        single => single,
    }
}

pub(super) fn camel(name: &str) -> Cow<'_, str> {
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    let mut behind_word = false;
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some(next) if letter == '_' && behind_word && next.is_ascii_lowercase() => {
                out.push(next.to_ascii_uppercase());
                letters.next();
            }
            _ => out.push(letter),
        }
        behind_word = letter != '_' || !out.ends_with('_');
    }
    Cow::Owned(out)
}

fn snake(name: Cow<'static, str>) -> Cow<'static, str> {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name;
    }
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_went_out() {
        for (name, wanted) in [
            ("id", "id"),
            ("resource_uri", "resourceUri"),
            ("a_b_c", "aBC"),
            ("line2_text", "line2Text"),
            ("field_1", "field_1"),
            ("_private", "_private"),
            ("two__lines", "two__lines"),
            ("end_", "end_"),
            ("straße_ä_x", "straße_äX"),
        ] {
            let out = camel(name).into_owned();
            assert_eq!(out, wanted);
            assert_eq!(snake(out.into()), name);
        }
    }
}
