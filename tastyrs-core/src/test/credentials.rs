//! The header `Authorization`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The header of a user with a password, for `BasicAuthentication`.
///
/// ```
/// use tastyrs_core::test::create_basic;
///
/// assert_eq!(create_basic("daniel", "pass"), "Basic ZGFuaWVsOnBhc3M=");
/// ```
///
/// # Compatibility
///
/// `ResourceTestCaseMixin.create_basic`, `test.py:257`.
pub fn create_basic(username: &str, password: &str) -> String {
    format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    )
}

/// The header of a user with a key, for `ApiKeyAuthentication`.
///
/// ```
/// use tastyrs_core::test::create_apikey;
///
/// assert_eq!(create_apikey("daniel", "204db7bc"), "ApiKey daniel:204db7bc");
/// ```
///
/// # Compatibility
///
/// `ResourceTestCaseMixin.create_apikey`, `test.py:266`.
pub fn create_apikey(username: &str, api_key: &str) -> String {
    format!("ApiKey {username}:{api_key}")
}
