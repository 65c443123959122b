//! The formats of a resource, and which one a request wants.

use std::{borrow::Cow, sync::Arc};

use actix_web::http::header::ACCEPT;

use super::{
    DatetimeFormatting, Format, Options,
    budget::{Budget, MOST_VALUES},
    camel_case,
    format::{BEHIND_FEATURES, BUILT_IN, Body, BuiltIn, DEFAULT},
    json, jsonp, mime,
};
use crate::{
    compatibility::Compatibility,
    data::Value,
    errors::{Error, Result},
    http::Request,
};

/// A format of a serializer.
#[derive(Debug, Clone)]
struct Chosen {
    name: Cow<'static, str>,
    content_type: Cow<'static, str>,
    how: How,
}

#[derive(Debug, Clone)]
enum How {
    BuiltIn(&'static BuiltIn),
    Own(Arc<dyn Format>),
    /// A name that nobody knows, or knows yet.
    Unknown,
}

impl Chosen {
    fn by_name(name: Cow<'static, str>) -> Self {
        match BUILT_IN.iter().find(|format| format.name == name) {
            Some(format) => Self::built_in(format),
            None => Self {
                name,
                content_type: Cow::Borrowed(""),
                how: How::Unknown,
            },
        }
    }

    fn built_in(format: &'static BuiltIn) -> Self {
        Self {
            name: Cow::Borrowed(format.name),
            content_type: Cow::Borrowed(format.content_type),
            how: How::BuiltIn(format),
        }
    }

    fn is_known(&self) -> bool {
        !matches!(self.how, How::Unknown)
    }
}

/// The formats of a resource.
///
/// A resource that says nothing has those of its [`Api`](crate::api::Api::default_formats). Those that are built in are
/// `json`, `jsonp` and, each with its feature, `xml`, `yaml`, `plist` and `msgpack`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{data::Value, serializers::Serializer};
///
/// let serializer = Serializer::default().formats(["json", "jsonp"]);
/// let data = [("id", Value::Int(1))].into_iter().collect();
/// assert_eq!(serializer.serialize(&Value::Map(data), "application/json")?, br#"{"id": 1}"#);
/// # Ok::<_, tastyrs_core::Error>(())
/// ```
///
/// # Compatibility
///
/// `Serializer`, `serializers.py:118`.
#[derive(Debug, Clone)]
pub struct Serializer {
    formats: Vec<Chosen>,
    /// Whether `formats` were said, and not only added to.
    said: bool,
    options: Options,
    camel_case: bool,
    most_values: usize,
    /// Whether bodies are read in formats that are not among those that are written.
    reads_others: bool,
}

impl Default for Serializer {
    fn default() -> Self {
        Self {
            formats: BUILT_IN
                .iter()
                .filter(|format| DEFAULT.contains(&format.name))
                .map(Chosen::built_in)
                .collect(),
            said: false,
            options: Options::default(),
            camel_case: false,
            most_values: MOST_VALUES,
            reads_others: false,
        }
    }
}

impl Serializer {
    /// JSON alone.
    pub fn json() -> Self {
        Self::default().formats(["json"])
    }

    /// Sets the formats by their names, in the order in which a tie is broken: the first wins.
    ///
    /// A name that is neither built in nor that of a format given to [`with`](Self::with) is told when the API is
    /// built.
    #[must_use]
    pub fn formats<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let own: Vec<Chosen> = self
            .formats
            .into_iter()
            .filter(|format| matches!(format.how, How::Own(_)))
            .collect();
        self.formats = names
            .into_iter()
            .map(|name| Chosen::by_name(name.into()))
            .collect();
        self.said = true;
        own.into_iter().fold(self, Self::add)
    }

    /// Adds a format of one's own; it takes the place of one of the same name.
    ///
    /// # Compatibility
    ///
    /// A subclass with `to_FOO` and `from_FOO` (`serializers.py:118`).
    #[must_use]
    pub fn with(self, format: impl Format) -> Self {
        let own = Chosen {
            name: Cow::Owned(format.name().to_owned()),
            content_type: Cow::Owned(format.content_type().to_owned()),
            how: How::Own(Arc::new(format)),
        };
        self.add(own)
    }

    fn add(mut self, own: Chosen) -> Self {
        match self
            .formats
            .iter_mut()
            .find(|format| format.name == own.name)
        {
            Some(place) => *place = own,
            None => self.formats.push(own),
        }
        self
    }

    /// Gives a format another media type, as `application/yaml` to `yaml`.
    ///
    /// # Compatibility
    ///
    /// `content_types`, `serializers.py:138`.
    #[must_use]
    pub fn content_type(mut self, name: &str, mime: impl Into<Cow<'static, str>>) -> Self {
        let mime = mime.into();
        for format in &mut self.formats {
            if format.name == name {
                format.content_type.clone_from(&mime);
            }
        }
        self
    }

    /// Sets how days and times are written, in every format.
    #[must_use]
    pub fn datetime_formatting(mut self, formatting: DatetimeFormatting) -> Self {
        self.options.datetime_formatting = formatting;
        self
    }

    /// Writes names in camel case and reads them back: `resource_uri` is `resourceUri` to clients.
    ///
    /// Names within the values of JSON columns change too; the parameters of an address do not.
    #[must_use]
    pub fn camel_case(mut self) -> Self {
        self.camel_case = true;
        self
    }

    /// Writes JSON with lines and indents.
    #[must_use]
    pub fn pretty(mut self) -> Self {
        self.options.pretty = true;
        self
    }

    /// Sets the most values that a body may hold; 250,000.
    ///
    /// A value takes more memory than the two bytes in which it may be sent.
    #[must_use]
    pub fn most_values(mut self, values: usize) -> Self {
        self.most_values = values;
        self
    }

    /// Takes what the API has where nothing was said here, and checks that every format is known.
    pub(crate) fn settle(
        &mut self,
        defaults: &Self,
        compatibility: Compatibility,
        whose: &str,
    ) -> Result<()> {
        if !self.said {
            let here = std::mem::replace(&mut self.formats, defaults.formats.clone());
            for known in here {
                let place = self
                    .formats
                    .iter_mut()
                    .find(|format| format.name == known.name);
                match place {
                    Some(place) => *place = known,
                    None if matches!(known.how, How::Own(_)) => self.formats.push(known),
                    None => {}
                }
            }
        }
        self.reads_others = compatibility.is_tastypie();
        let Some(unknown) = self.formats.iter().find(|format| !format.is_known()) else {
            return Ok(());
        };
        let name = unknown.name.as_ref();
        let why = if BEHIND_FEATURES.contains(&name) {
            format!("which needs the feature `{name}` of tastyrs")
        } else {
            "which is no format: say `Serializer::with` to add one of your own".to_owned()
        };
        Err(Error::Configuration(format!(
            "a format of {whose} is `{name}`, {why}"
        )))
    }

    /// How it writes.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Appends a value as JSON on one line, with the names that clients see.
    pub(super) fn write_json(&self, value: &Value<'_>, out: &mut Vec<u8>) {
        let style = self.options.datetime_formatting;
        if self.camel_case {
            json::write_with(&camel_case::camelize(value), style, out);
        } else {
            json::write_with(value, style, out);
        }
    }

    /// A name as clients see it.
    pub(super) fn name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.camel_case {
            camel_case::camel(name)
        } else {
            Cow::Borrowed(name)
        }
    }

    /// Objects of a list that are written one by one, where this media type is that of JSON on one line, with names as
    /// they are.
    pub(crate) fn json_objects(&self, content_type: &str) -> Option<json::JsonObjects> {
        let format = self.of_type(content_type)?;
        let is_json =
            matches!(format.how, How::BuiltIn(format) if format.name == json::FORMAT.name);
        (is_json && !self.options.pretty && !self.camel_case)
            .then(|| json::JsonObjects::new(self.options.datetime_formatting))
    }

    fn of_type(&self, content_type: &str) -> Option<&Chosen> {
        self.formats
            .iter()
            .find(|format| format.content_type == content_type && format.is_known())
    }

    /// Whether it writes the format of this media type.
    pub(crate) fn writes(&self, content_type: &str) -> bool {
        self.of_type(content_type).is_some()
    }

    /// The media type of a format by its name; `application/json` where it has no such format.
    ///
    /// # Compatibility
    ///
    /// `get_mime_for_format`, `serializers.py:180`.
    pub fn get_mime_for_format(&self, name: &str) -> &str {
        self.formats
            .iter()
            .find(|format| format.name == name && format.is_known())
            .map_or("application/json", |format| &format.content_type)
    }

    /// Writes a value in the format of this media type.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedSerializationFormat`] where it is none of the formats, and what one's own format meets.
    pub fn serialize(&self, value: &Value<'_>, content_type: &str) -> Result<Vec<u8>> {
        self.write(value, content_type, &self.options, 1024)
    }

    /// Writes the answer to a request, with room for that many bytes from the start.
    ///
    /// # Errors
    ///
    /// The same, and [`Error::BadRequest`] where JSONP is to call what is no name of a function.
    ///
    /// # Compatibility
    ///
    /// `Resource.serialize`, `resources.py:376`.
    pub(crate) fn serialize_for(
        &self,
        request: &Request,
        value: &Value<'_>,
        content_type: &str,
        room: usize,
    ) -> Result<Vec<u8>> {
        match request.params().get("callback") {
            Some(callback) if content_type.contains("text/javascript") => {
                if !jsonp::is_callback(callback) {
                    return Err(Error::bad_request("JSONP callback name is invalid."));
                }
                let options = Options {
                    callback: Cow::Owned(callback.to_owned()),
                    ..self.options.clone()
                };
                self.write(value, content_type, &options, room)
            }
            _ => self.write(value, content_type, &self.options, room),
        }
    }

    fn write(
        &self,
        value: &Value<'_>,
        content_type: &str,
        options: &Options,
        room: usize,
    ) -> Result<Vec<u8>> {
        let format = self
            .of_type(content_type)
            .ok_or(Error::UnsupportedSerializationFormat)?;
        let camelized;
        let value = if self.camel_case {
            camelized = camel_case::camelize(value);
            &camelized
        } else {
            value
        };
        match &format.how {
            How::BuiltIn(format) => {
                let mut out = Vec::with_capacity(room);
                (format.write)(value, options, &mut out);
                Ok(out)
            }
            How::Own(format) => format.write(value, options),
            How::Unknown => Err(Error::UnsupportedSerializationFormat),
        }
    }

    /// Reads a body of this `Content-Type`; a request that says none is taken for `application/json`.
    ///
    /// Where a name comes twice in a map, the last counts. Whole numbers that fit neither `i64` nor `u64` become a
    /// [`Value::Decimal`] of all their digits. `NaN` and the infinities are refused. YAML and property lists have moments
    /// of their own, which become [`Value::Date`] and [`Value::DateTime`].
    ///
    /// # Errors
    ///
    /// - [`Error::UnsupportedDeserializationFormat`] where the type is none that is read; its letters count as they are.
    /// - [`Error::BadRequest`] where the body is not of that format, is no UTF-8 where the format is text, is nested more
    ///   than 128 deep or holds more than [`most_values`](Self::most_values).
    ///
    /// # Compatibility
    ///
    /// `Serializer.deserialize`, `serializers.py:222`. With
    /// [`Compatibility::Tastypie`](crate::Compatibility::Tastypie), what is built in is read even where it is not written,
    /// as there; forms are read by neither.
    pub fn deserialize(&self, body: &[u8], content_type: &str) -> Result<Value<'static>> {
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        let unsupported = || Error::UnsupportedDeserializationFormat(mime.to_owned());
        let how = match self.of_type(mime) {
            Some(format) => &format.how,
            None if self.reads_others => &BUILT_IN
                .iter()
                .find(|format| format.content_type == mime && DEFAULT.contains(&format.name))
                .map(How::BuiltIn)
                .ok_or_else(unsupported)?,
            None => return Err(unsupported()),
        };
        let value = match how {
            How::BuiltIn(format) => {
                let body = Body {
                    bytes: body,
                    content_type,
                };
                format.read.ok_or_else(unsupported)?(body, Budget::new(self.most_values))?
            }
            How::Own(format) => format.read(body)?,
            How::Unknown => return Err(unsupported()),
        };
        Ok(if self.camel_case {
            camel_case::snakeize(value)
        } else {
            value
        })
    }

    /// The media type in which a client wants to be answered: `?format=` by name, then JSONP where there is a
    /// `callback` and JSONP is among the formats, then `Accept`, then the default.
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
        let known = || self.formats.iter().filter(|format| format.is_known());
        let params = request.params();
        if let Some(name) = params.get("format")
            && let Some(format) = known().find(|format| format.name == name)
        {
            return Ok(format.content_type.clone());
        }
        if params.get("callback").is_some()
            && let Some(format) = known().find(|format| format.name == jsonp::FORMAT.name)
        {
            return Ok(format.content_type.clone());
        }
        match request
            .headers()
            .get(ACCEPT)
            .map(|accept| accept.to_str().unwrap_or(""))
        {
            None | Some("*/*") => {}
            Some(accept) => {
                let mut supported: Vec<&str> =
                    known().map(|format| format.content_type.as_ref()).collect();
                supported.reverse();
                if let Some(best) = mime::best_match(&supported, accept)
                    .map_err(|_| Error::bad_request("Invalid Accept header"))?
                {
                    return Ok(Cow::Owned(best.to_owned()));
                }
            }
        }
        Ok(Cow::Owned(default_format.to_owned()))
    }
}
