//! The formats in which a client is answered, and how one is chosen.
//!
//! - `json`: JSON as Python writes and reads it
//! - `mime`: which of several media types a client would rather have
//! - `budget`: how much a body may hold
//! - `charset`: the text of a body

mod budget;
mod charset;
mod json;
mod mime;
mod value;

use std::borrow::Cow;

use self::budget::Budget;
use crate::{
    data::Value,
    errors::{Error, Result},
    http::Request,
};

pub(crate) use self::{json::python_float, json::write as write_json, value::to_value};

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
        }
    }
}

/// How days and times are written.
///
/// # Compatibility
///
/// `TASTYPIE_DATETIME_FORMATTING`, `serializers.py:151`, and `utils/formatting.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DatetimeFormatting {
    /// `2016-02-29T23:59:59.999999`
    #[default]
    Iso8601,
    /// `2016-02-29T23:59:59`, microseconds cut.
    Iso8601Strict,
    /// `Mon, 29 Feb 2016 23:59:59 +0000`, `29 Feb 2016` and `23:59:59 +0000`.
    Rfc2822,
}

/// The formats of a resource.
///
/// # Compatibility
///
/// `Serializer`, `serializers.py:118`.
#[derive(Debug, Clone)]
pub struct Serializer {
    formats: Vec<Format>,
    datetime_formatting: DatetimeFormatting,
}

impl Default for Serializer {
    fn default() -> Self {
        Self {
            formats: vec![Format::Json],
            datetime_formatting: DatetimeFormatting::default(),
        }
    }
}

impl Serializer {
    /// JSON.
    pub fn json() -> Self {
        Self::default()
    }

    /// Whether it writes the format of this media type.
    pub(crate) fn writes(&self, content_type: &str) -> bool {
        self.formats
            .iter()
            .any(|format| format.content_type() == content_type)
    }

    /// Sets how days and times are written.
    #[must_use]
    pub fn datetime_formatting(mut self, formatting: DatetimeFormatting) -> Self {
        self.datetime_formatting = formatting;
        self
    }

    /// Writes a value in the format of this media type.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedSerializationFormat`] where it is none of the formats.
    pub fn serialize(&self, value: &Value<'_>, content_type: &str) -> Result<Vec<u8>> {
        self.serialize_in(value, content_type, 1024)
    }

    /// The same, with room for that many bytes from the start.
    pub(crate) fn serialize_in(
        &self,
        value: &Value<'_>,
        content_type: &str,
        room: usize,
    ) -> Result<Vec<u8>> {
        match self
            .formats
            .iter()
            .find(|format| format.content_type() == content_type)
        {
            Some(Format::Json) => {
                let mut out = Vec::with_capacity(room);
                json::write_with(value, self.datetime_formatting, &mut out);
                Ok(out)
            }
            None => Err(Error::UnsupportedSerializationFormat),
        }
    }

    /// Reads a body of this `Content-Type`; a request that says none is taken for `application/json`.
    ///
    /// Where a name comes twice in a map, the last counts. Whole numbers that fit neither `i64` nor `u64` become a
    /// [`Value::Decimal`] of all their digits. `NaN` and the infinities are refused.
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedDeserializationFormat`] where the type is none that is read; its letters count as they are.
    /// - [`Error::BadRequest`] where the body is not of that format, is no UTF-8 where the format is text, is nested more
    ///   than 128 deep or holds too many values.
    ///
    /// # Compatibility
    ///
    /// `Serializer.deserialize`, `serializers.py:237`.
    pub fn deserialize(&self, body: &[u8], content_type: &str) -> Result<Value<'static>> {
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        let format = self
            .formats
            .iter()
            .find(|format| format.content_type() == mime)
            .ok_or_else(|| Error::UnsupportedDeserializationFormat(mime.to_owned()))?;
        match format {
            Format::Json => json::read(charset::text(body, content_type)?, Budget::default()),
        }
    }

    /// The media type in which a client wants to be answered: `?format=` by name, then `Accept`, then the
    /// default.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where `Accept` is no list of media ranges.
    ///
    /// # Compatibility
    ///
    /// `determine_format`, `utils/mime.py:6`.
    pub fn determine_format(
        &self,
        request: &Request,
        default_format: &str,
    ) -> Result<Cow<'static, str>> {
        if let Some(name) = request
            .params()
            .get("format")
            .filter(|name| !name.is_empty())
            && let Some(format) = self.formats.iter().find(|format| format.name() == name)
        {
            return Ok(Cow::Borrowed(format.content_type()));
        }
        match request
            .headers()
            .get("accept")
            .map(|accept| accept.to_str().unwrap_or(""))
        {
            None | Some("*/*") => {}
            Some(accept) => {
                let supported: Vec<&'static str> = self
                    .formats
                    .iter()
                    .rev()
                    .map(|format| format.content_type())
                    .collect();
                if let Some(best) = mime::best_match(&supported, accept)
                    .map_err(|_| Error::bad_request("Invalid Accept header"))?
                {
                    return Ok(Cow::Borrowed(best));
                }
            }
        }
        Ok(Cow::Owned(default_format.to_owned()))
    }
}

/// The `Content-Type` of an answer in the format of this media type.
///
/// # Compatibility
///
/// `build_content_type`, `utils/mime.py:47`: JSON goes without a charset.
pub(crate) fn build_content_type(mime: &str) -> Cow<'_, str> {
    if mime.contains("charset") || matches!(mime, "application/json" | "text/javascript") {
        Cow::Borrowed(mime)
    } else {
        Cow::Owned(format!("{mime}; charset=utf-8"))
    }
}

/// A whole number of these digits, which must be some behind a sign or none.
fn whole_number(digits: &str) -> Value<'static> {
    if let Ok(number) = digits.parse() {
        Value::Int(number)
    } else if let Ok(number) = digits.parse() {
        Value::UInt(number)
    } else {
        Value::Decimal(digits.to_owned().into())
    }
}
