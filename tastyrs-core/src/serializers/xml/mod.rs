//! XML as Tastypie has it: an element for each value, whose type stands in the attribute `type` where it is not text.
//!
//! - `write`: values to elements
//! - `read`: elements to values

mod read;
mod write;

use super::{
    Options,
    budget::Budget,
    charset,
    format::{Body, BuiltIn},
};
use crate::{data::Value, errors::Result};

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "xml",
    content_type: "application/xml",
    write: to_xml,
    read: Some(from_xml),
};

/// # Compatibility
///
/// `to_xml`, `serializers.py:411`.
fn to_xml(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<?xml version='1.0' encoding='utf-8'?>\n");
    write::root(value, options, out);
}

/// The encoding that a declaration in front names is not looked at.
///
/// # Compatibility
///
/// `from_xml`, `serializers.py:424`.
fn from_xml(body: Body<'_>, budget: Budget) -> Result<Value<'static>> {
    read::read(charset::text(body.bytes, body.content_type)?, budget)
}
