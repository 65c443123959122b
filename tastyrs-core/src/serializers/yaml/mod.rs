//! YAML as PyYAML writes and reads it.
//!
//! - `write`: values to text
//! - `read`: text to values
//! - `resolve`: what plain text denotes

mod read;
mod resolve;
mod write;

use super::{
    Options,
    budget::Budget,
    charset,
    format::{Body, BuiltIn},
};
use crate::{data::Value, errors::Result};

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "yaml",
    content_type: "text/yaml",
    write: to_yaml,
    read: Some(from_yaml),
};

/// # Compatibility
///
/// `to_yaml`, `serializers.py:448`.
fn to_yaml(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    write::root(value, options, out);
}

/// # Compatibility
///
/// `from_yaml`, `serializers.py:460`; what PyYAML refuses answers 500 there.
fn from_yaml(body: Body<'_>, budget: Budget) -> Result<Value<'static>> {
    read::read(charset::text(body.bytes, body.content_type)?, budget)
}
