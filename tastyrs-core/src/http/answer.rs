//! An answer that may cross from a blocking thread.

use std::borrow::Cow;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
    web::Bytes,
};

/// The content type of an answer without a body.
///
/// # Compatibility
///
/// Django's `DEFAULT_CONTENT_TYPE`.
const NO_FORMAT: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The value of a header; nothing where no header can have it.
pub(crate) fn header_value(value: Cow<'static, str>) -> Option<HeaderValue> {
    match value {
        Cow::Borrowed(value) => HeaderValue::from_str(value).ok(),
        Cow::Owned(value) => HeaderValue::try_from(value).ok(),
    }
}

/// A status, headers and a body.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// An answer without a body.
    pub fn new(status: StatusCode) -> Self {
        // Room for what most answers have, taken once.
        let mut headers = Vec::with_capacity(4);
        headers.push((CONTENT_TYPE, NO_FORMAT));
        Self {
            status,
            headers,
            body: Bytes::new(),
        }
    }

    /// The same with a body; its content type stays what it was.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with a header in place of one of that name; a value that no header can have is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.retain(|(known, _)| *known != name);
            self.headers.push((name, value));
        }
        self
    }

    /// The same with a field that it does not have yet.
    pub(crate) fn field(mut self, name: HeaderName, value: Cow<'static, str>) -> Self {
        if let Some(value) = header_value(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same with this content type.
    #[must_use]
    pub fn content_type(self, mime: &str) -> Self {
        self.header(CONTENT_TYPE, mime)
    }

    /// The same with another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        let mut response = Self::build(answer.status).body(answer.body);
        // 204 has no body and so no type of one (RFC 9110, section 8.3).
        let bare = answer.status == StatusCode::NO_CONTENT;
        for (name, value) in answer.headers {
            if !(bare && name == CONTENT_TYPE) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
