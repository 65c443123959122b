//! Assertions about answers and data.

use super::{TestResponse, formats};

macro_rules! assert_status {
    ($($name:ident: $status:literal $reason:literal, $tastypie:literal, $line:literal;)*) => {
        impl TestResponse {$(
            #[doc = concat!("Asserts that the status is ", $status, ", ", $reason, ".")]
            ///
            /// # Panics
            ///
            /// With what came instead.
            ///
            /// # Compatibility
            ///
            #[doc = concat!("`ResourceTestCaseMixin.", $tastypie, "`, `test.py:", $line, "`.")]
            #[track_caller]
            pub fn $name(&self) -> &Self {
                self.assert_status(&[$status])
            }
        )*}
    };
}

assert_status! {
    assert_http_ok: 200 "OK", "assertHttpOK", 337;
    assert_http_created: 201 "Created", "assertHttpCreated", 343;
    assert_http_multiple_choices: 300 "Multiple Choices", "assertHttpMultipleChoices", 355;
    assert_http_see_other: 303 "See Other", "assertHttpSeeOther", 361;
    assert_http_not_modified: 304 "Not Modified", "assertHttpNotModified", 367;
    assert_http_bad_request: 400 "Bad Request", "assertHttpBadRequest", 373;
    assert_http_unauthorized: 401 "Unauthorized", "assertHttpUnauthorized", 379;
    assert_http_forbidden: 403 "Forbidden", "assertHttpForbidden", 385;
    assert_http_not_found: 404 "Not Found", "assertHttpNotFound", 391;
    assert_http_method_not_allowed: 405 "Method Not Allowed", "assertHttpMethodNotAllowed", 397;
    assert_http_conflict: 409 "Conflict", "assertHttpConflict", 403;
    assert_http_gone: 410 "Gone", "assertHttpGone", 409;
    assert_http_unprocessable_entity: 422 "Unprocessable Entity", "assertHttpUnprocessableEntity", 415;
    assert_http_too_many_requests: 429 "Too Many Requests", "assertHttpTooManyRequests", 421;
    assert_http_application_error: 500 "Internal Server Error", "assertHttpApplicationError", 427;
    assert_http_not_implemented: 501 "Not Implemented", "assertHttpNotImplemented", 433;
}

impl TestResponse {
    /// Asserts that the status is 202, Accepted, or 204, No Content: Tastypie answers either to a change.
    ///
    /// # Panics
    ///
    /// With what came instead.
    ///
    /// # Compatibility
    ///
    /// `ResourceTestCaseMixin.assertHttpAccepted`, `test.py:349`.
    #[track_caller]
    pub fn assert_http_accepted(&self) -> &Self {
        self.assert_status(&[202, 204])
    }

    /// Asserts that the answer is 200 and valid in the format of a media type, and says so.
    #[track_caller]
    fn assert_valid_response(&self, content_type: &str) -> &Self {
        self.assert_http_ok();
        let kind = self.header("content-type").unwrap_or_default();
        assert!(
            kind.starts_with(content_type),
            "{self}\n  instead of {content_type}"
        );
        if let Err(error) = formats::deserialize(self.body(), kind) {
            panic!("{self}\n  which is not valid: {error}");
        }
        self
    }

    #[track_caller]
    fn assert_status(&self, wanted: &[u16]) -> &Self {
        let words: Vec<String> = wanted.iter().map(u16::to_string).collect();
        assert!(
            wanted.contains(&self.status()),
            "{self}\n  instead of {}",
            words.join(" or ")
        );
        self
    }
}

macro_rules! assert_valid {
    ($($(#[$feature:meta])? $word:literal, $type:literal:
        $data:ident $tastypie:literal $line:literal, $response:ident $of_response:literal $line_of_response:literal;)*) => {$(
        #[doc = concat!("Asserts that a body is valid ", $word, ".")]
        ///
        /// # Panics
        ///
        /// With what is wrong, and the beginning of the body.
        ///
        /// # Compatibility
        ///
        #[doc = concat!("`ResourceTestCaseMixin.", $tastypie, "`, `test.py:", $line, "`.")]
        $(#[$feature])?
        #[track_caller]
        pub fn $data(body: impl AsRef<[u8]>) {
            let body = body.as_ref();
            if let Err(error) = formats::deserialize(body, $type) {
                let shown: String = String::from_utf8_lossy(body).chars().take(200).collect();
                panic!("`{shown}` is no {}: {error}", $word);
            }
        }

        $(#[$feature])?
        impl TestResponse {
            #[doc = concat!("Asserts that the answer is 200 and valid ", $word, ", and says so.")]
            ///
            /// # Panics
            ///
            /// With what came instead.
            ///
            /// # Compatibility
            ///
            #[doc = concat!("`ResourceTestCaseMixin.", $of_response, "`, `test.py:", $line_of_response, "`.")]
            #[track_caller]
            pub fn $response(&self) -> &Self {
                self.assert_valid_response($type)
            }
        }
    )*};
}

assert_valid! {
    "JSON", "application/json":
        assert_valid_json "assertValidJSON" 439, assert_valid_json_response "assertValidJSONResponse" 475;
    #[cfg(feature = "xml")] "XML", "application/xml":
        assert_valid_xml "assertValidXML" 448, assert_valid_xml_response "assertValidXMLResponse" 488;
    #[cfg(feature = "yaml")] "YAML", "text/yaml":
        assert_valid_yaml "assertValidYAML" 457, assert_valid_yaml_response "assertValidYAMLResponse" 501;
    #[cfg(feature = "plist")] "property list", "application/x-plist":
        assert_valid_plist "assertValidPlist" 466, assert_valid_plist_response "assertValidPlistResponse" 514;
}

/// Asserts that an object has these keys, and no others.
///
/// ```
/// use tastyrs_core::test::assert_keys;
///
/// let entry = serde_json::json!({"id": 1, "title": "First post"});
/// assert_keys(&entry, ["id", "title"]);
/// ```
///
/// # Panics
///
/// With the keys that are missing and those that nobody expected, or where it is no object.
///
/// # Compatibility
///
/// `ResourceTestCaseMixin.assertKeys`, `test.py:546`.
#[track_caller]
pub fn assert_keys<'k>(data: &serde_json::Value, expected: impl IntoIterator<Item = &'k str>) {
    let Some(data) = data.as_object() else {
        panic!("{data} is no object, and has no keys");
    };
    let expected: Vec<&str> = expected.into_iter().collect();
    let missing: Vec<&&str> = expected
        .iter()
        .filter(|key| !data.contains_key(**key))
        .collect();
    let others: Vec<&String> = data
        .keys()
        .filter(|key| !expected.contains(&key.as_str()))
        .collect();
    assert!(
        missing.is_empty() && others.is_empty(),
        "the keys differ: {missing:?} are missing, {others:?} are there too"
    );
}
