//! An answer.

use std::fmt;

use actix_web::{
    http::{StatusCode, header::HeaderMap},
    web::Bytes,
};
use serde::de::DeserializeOwned;

use super::formats;

/// An answer, as a client receives it.
///
/// What is asked of it panics where it is not so, and shows what came instead.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// What was asked, as in `GET /api/v1/entries/`.
    request: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl TestResponse {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            request: "the request".to_owned(),
            status,
            headers,
            body,
        }
    }

    /// Says what it answers.
    pub(super) fn to(self, request: String) -> Self {
        Self { request, ..self }
    }

    /// The status, as in 200.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The value of a header that is there, and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// Where it is no UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        match str::from_utf8(&self.body) {
            Ok(text) => text,
            Err(error) => panic!("{self} whose body is no text: {error}"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{self}; that is no JSON: {error}"),
        }
    }

    /// The body in the format of its `Content-Type`, as a type of one's own.
    ///
    /// # Panics
    ///
    /// Where it is not in that format or not of that type, or this build does not read the format.
    ///
    /// # Compatibility
    ///
    /// `ResourceTestCaseMixin.deserialize`, `test.py:527`.
    #[track_caller]
    pub fn deserialize<T: DeserializeOwned>(&self) -> T {
        let kind = self.header("content-type").unwrap_or_default();
        let read = if kind.starts_with("application/json") {
            Ok(self.json())
        } else {
            formats::deserialize(&self.body, kind)
                .map_err(|error| error.to_string())
                .and_then(|value| serde_json::to_value(value).map_err(|error| error.to_string()))
        };
        match read
            .and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string()))
        {
            Ok(value) => value,
            Err(error) => panic!("{self}; that cannot be read: {error}"),
        }
    }
}

/// How much of a body is shown.
const SHOWN: usize = 1_000;

impl fmt::Display for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.request, self.status)?;
        if let Some(kind) = self.header("content-type") {
            write!(f, ", {kind}")?;
        }
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(SHOWN).collect();
        let more = if shown.len() < body.len() { "..." } else { "" };
        match shown.as_str() {
            "" => f.write_str(", without a body"),
            _ => write!(f, ": {shown}{more}"),
        }
    }
}
