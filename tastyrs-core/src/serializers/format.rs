//! What a format is.

use std::{borrow::Cow, fmt};

use super::{budget::Budget, formatting, formatting::DatetimeFormatting, jsonp};
use crate::{
    data::Value,
    errors::{Error, Result},
};

/// A format of one's own, which [`Serializer::with`](super::Serializer::with) adds.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{
///     Result,
///     data::Value,
///     serializers::{Format, Options, Serializer},
/// };
///
/// /// Text in lines, for a terminal.
/// struct Plain;
///
/// impl Format for Plain {
///     fn name(&self) -> &str {
///         "plain"
///     }
///
///     fn content_type(&self) -> &str {
///         "text/plain"
///     }
///
///     fn write(&self, value: &Value<'_>, options: &Options) -> Result<Vec<u8>> {
///         let Value::Map(data) = value else { return Ok(Vec::new()) };
///         let line = |(name, value)| format!("{name}: {}\n", options.text(value).unwrap_or_default());
///         Ok(data.iter().map(line).collect::<String>().into_bytes())
///     }
/// }
///
/// let serializer = Serializer::json().with(Plain);
/// let note = [("id", Value::Int(1)), ("title", Value::from("Bread"))].into_iter().collect();
/// let written = serializer.serialize(&Value::Map(note), "text/plain")?;
/// assert_eq!(written, b"id: 1\ntitle: Bread\n");
/// # Ok::<_, tastyrs_core::Error>(())
/// ```
///
/// # Compatibility
///
/// `to_FOO` and `from_FOO`, with `formats` and `content_types` (`serializers.py:118`).
pub trait Format: Send + Sync + 'static {
    /// The name by which an address asks for it, `?format=csv`.
    fn name(&self) -> &str;

    /// Its media type.
    fn content_type(&self) -> &str;

    /// Writes a value.
    ///
    /// An object is a [`Value::Map`]; a list is a map of `meta` and a [`Value::List`] of objects, under the resource's
    /// `collection_name`; an error is a map too.
    ///
    /// # Errors
    ///
    /// What the format meets.
    fn write(&self, value: &Value<'_>, options: &Options) -> Result<Vec<u8>>;

    /// Reads a body; where it is not written, bodies of this format are answered 415.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where the body is not of this format.
    fn read(&self, body: &[u8]) -> Result<Value<'static>> {
        let _ = body;
        Err(Error::UnsupportedDeserializationFormat(
            self.content_type().to_owned(),
        ))
    }
}

impl fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Format").field(&self.name()).finish()
    }
}

/// How a format is to write.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How days and times are written.
    pub datetime_formatting: DatetimeFormatting,
    /// Whether JSON has lines and indents.
    pub pretty: bool,
    /// The function that JSONP calls.
    pub(super) callback: Cow<'static, str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            datetime_formatting: DatetimeFormatting::default(),
            pretty: false,
            callback: Cow::Borrowed(jsonp::CALLBACK),
        }
    }
}

impl Options {
    /// A single value as text, as Python writes it: `True`, `1e-07`, a day in the style that was asked for; nothing
    /// for null, lists and maps.
    ///
    /// # Compatibility
    ///
    /// What `to_simple` makes of it (`serializers.py:243`), as `str` writes it.
    pub fn text<'v>(&self, value: &'v Value<'_>) -> Option<Cow<'v, str>> {
        Some(match value {
            Value::Bool(true) => Cow::Borrowed("True"),
            Value::Bool(false) => Cow::Borrowed("False"),
            Value::Int(number) => Cow::Owned(number.to_string()),
            Value::UInt(number) => Cow::Owned(number.to_string()),
            Value::Float(number) => Cow::Owned(formatting::float_text(*number)),
            other => return formatting::text(other, self.datetime_formatting),
        })
    }
}

/// A body and its `Content-Type`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) content_type: &'b str,
}

/// A format of ours.
#[derive(Debug)]
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) write: fn(&Value<'_>, &Options, &mut Vec<u8>),
    pub(super) read: Option<fn(Body<'_>, Budget) -> Result<Value<'static>>>,
}

/// The formats that are built in, in the order in which a tie is broken: the first wins.
pub(super) static BUILT_IN: &[BuiltIn] = &[
    super::json::FORMAT,
    jsonp::FORMAT,
    #[cfg(feature = "xml")]
    super::xml::FORMAT,
    #[cfg(feature = "yaml")]
    super::yaml::FORMAT,
    #[cfg(feature = "plist")]
    super::plist::FORMAT,
    #[cfg(feature = "msgpack")]
    super::msgpack::FORMAT,
];

/// The formats of which a resource that says nothing has those that are built in.
pub(super) const DEFAULT: [&str; 4] = ["json", "xml", "yaml", "plist"];

/// The formats that are there with a feature.
pub(super) const BEHIND_FEATURES: [&str; 4] = ["xml", "yaml", "plist", "msgpack"];
