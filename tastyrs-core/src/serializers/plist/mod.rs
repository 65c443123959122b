//! Apple's property lists: written in their binary form, read in that and in XML.
//!
//! - `write`: values to the binary form
//! - `binary`: the binary form to values
//! - `xml`: the form in XML to values

mod binary;
#[cfg(test)]
mod tests;
mod write;
mod xml;

use super::{
    Options,
    budget::Budget,
    charset,
    format::{Body, BuiltIn},
};
use crate::{
    data::Value,
    errors::{Error, Result},
};

pub(super) const FORMAT: BuiltIn = BuiltIn {
    name: "plist",
    content_type: "application/x-plist",
    write: to_plist,
    read: Some(from_plist),
};

/// What the binary form begins with.
const MAGIC: &[u8] = b"bplist0";

/// # Compatibility
///
/// `to_plist`, `serializers.py:470`.
fn to_plist(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    write::write(value, options, out);
}

/// # Compatibility
///
/// `from_plist`, `serializers.py:482`; the binary form, which is no UTF-8, answers 500 there.
fn from_plist(body: Body<'_>, budget: Budget) -> Result<Value<'static>> {
    if body.bytes.starts_with(MAGIC) {
        binary::read(body.bytes, budget)
    } else {
        xml::read(charset::text(body.bytes, body.content_type)?, budget)
    }
}

fn invalid() -> Error {
    Error::bad_request("Request is not a valid property list.")
}
