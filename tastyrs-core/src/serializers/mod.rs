//! The formats in which a client is answered and sends its bodies, and how one is chosen.
//!
//! - `serializer`: the formats of a resource, and which one a request wants
//! - `format`: what a format is, and one's own
//! - `json`, `jsonp`, `xml`, `yaml`, `plist`, `msgpack`: those that are built in
//! - `lines`: objects one by one, for exports
//! - `markup`: the elements of those that have elements
//! - `formatting`: what single values are as text
//! - `camel_case`: names in the manner of JavaScript
//! - `mime`: which of several media types a client would rather have
//! - `budget`: how much a body may hold
//! - `charset`: the text of a body
//! - `value`: anything that serde can write as a value

mod budget;
mod camel_case;
mod charset;
mod format;
mod formatting;
mod json;
mod jsonp;
mod lines;
#[cfg(any(feature = "xml", feature = "plist"))]
mod markup;
mod mime;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "plist")]
mod plist;
mod serializer;
mod value;
#[cfg(feature = "xml")]
mod xml;
#[cfg(feature = "yaml")]
mod yaml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use self::{
    format::{Format, Options},
    formatting::DatetimeFormatting,
    serializer::Serializer,
};
pub(crate) use self::{
    formatting::float_text,
    json::{JsonName, JsonObjects, Members, document},
    lines::Lines,
    value::to_value,
};

/// The `Content-Type` of an answer in the format of this media type.
///
/// # Compatibility
///
/// `build_content_type`, `utils/mime.py:47`: JSON goes without a charset; so does MessagePack, which has no text.
pub(crate) fn build_content_type(mime: &str) -> Cow<'_, str> {
    if matches!(
        mime,
        "application/json" | "text/javascript" | "application/msgpack"
    ) || mime.contains("charset")
    {
        Cow::Borrowed(mime)
    } else {
        Cow::Owned(format!("{mime}; charset=utf-8"))
    }
}
