//! JSON as Python writes and reads it.
//!
//! - `write`: values to bytes
//! - `name`: names that are written often
//! - `objects`: objects of a list, written before what stands in front of them
//! - `pretty`: the same with lines and indents
//! - `read`: bytes to values

mod name;
mod objects;
mod pretty;
mod read;
mod write;

pub(crate) use name::JsonName;
pub(crate) use objects::JsonObjects;
pub(crate) use write::Members;
pub(super) use write::write_with;

use super::{
    Options,
    budget::Budget,
    charset,
    format::{Body, BuiltIn},
};
use crate::{data::Value, errors::Result};

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "json",
    content_type: "application/json",
    write: to_json,
    read: Some(from_json),
};

/// # Compatibility
///
/// `to_json`, `serializers.py:374`.
pub(super) fn to_json(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    if options.pretty {
        pretty::write(value, options.datetime_formatting, out);
    } else {
        write_with(value, options.datetime_formatting, out);
    }
}

/// A JSON document as a column holds it.
pub(crate) fn document(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    write_with(value, super::DatetimeFormatting::default(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// # Compatibility
///
/// `from_json`, `serializers.py:384`.
fn from_json(body: Body<'_>, budget: Budget) -> Result<Value<'static>> {
    read::read(charset::text(body.bytes, body.content_type)?, budget)
}
