//! Data in the formats of a client.

use serde::Serialize;

use crate::{
    data::Value,
    errors::Result,
    serializers::{Serializer, to_value},
};

/// The formats of this build.
fn serializer() -> Serializer {
    Serializer::default().formats(["json", "jsonp", "xml", "yaml", "plist", "msgpack"])
}

/// What a body in the format of a media type says.
pub(super) fn deserialize(body: &[u8], content_type: &str) -> Result<Value<'static>> {
    serializer().deserialize(body, content_type)
}

/// The media type of a format, by its name.
#[track_caller]
pub(super) fn content_type(name: &str) -> &'static str {
    match name {
        "json" => "application/json",
        "jsonp" => "text/javascript",
        "xml" => "application/xml",
        "yaml" => "text/yaml",
        "plist" => "application/x-plist",
        "msgpack" => "application/msgpack",
        _ => panic!(
            "there is no format `{name}`; there are json, jsonp, xml, yaml, plist and msgpack"
        ),
    }
}

/// Data in the format of a media type.
///
/// ```
/// use tastyrs_core::test::serialize;
///
/// let body = serialize(&[("title", "First post")], "application/json");
/// assert_eq!(body, br#"[["title", "First post"]]"#);
/// ```
///
/// # Panics
///
/// Where the data cannot be written, or this build does not write the format.
///
/// # Compatibility
///
/// `ResourceTestCaseMixin.serialize`, `test.py:539`.
#[track_caller]
pub fn serialize(data: &(impl Serialize + ?Sized), content_type: &str) -> Vec<u8> {
    let written = to_value(data).and_then(|data| serializer().serialize(&data, content_type));
    match written {
        Ok(body) => body,
        Err(error) => panic!("the data cannot be written as {content_type}: {error}"),
    }
}
