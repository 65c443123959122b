//! The text of a body.

use crate::errors::{Error, Result};

/// The text of a body, whose `Content-Type` may name a charset.
///
/// # Errors
///
/// [`Error::BadRequest`] where it is no UTF-8, or is said to be something else and holds more than ASCII.
///
/// # Compatibility
///
/// `Serializer.deserialize`, `serializers.py:237`: the charset is not looked at there, and what is no UTF-8 answers 500.
pub(super) fn text<'b>(body: &'b [u8], content_type: &str) -> Result<&'b str> {
    if charset(content_type).is_some_and(|name| !is_utf8(name)) && !body.is_ascii() {
        return Err(Error::bad_request(
            "The body must be UTF-8; other charsets are not read.",
        ));
    }
    std::str::from_utf8(body).map_err(|_| Error::bad_request("The body is not valid UTF-8."))
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

fn charset(content_type: &str) -> Option<&str> {
    content_type
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_charset_is_taken_where_it_makes_no_difference() {
        assert!(text(b"caf", "application/json; charset=iso-8859-1").is_ok());
        assert!(text("café".as_bytes(), "application/json").is_ok());
        assert!(
            text(
                "café".as_bytes(),
                "application/json; x=y; Charset=\"UTF-8\""
            )
            .is_ok()
        );

        assert!(text("café".as_bytes(), "application/json; charset=iso-8859-1").is_err());
        assert!(text(b"caf\xe9", "application/json; charset=iso-8859-1").is_err());
        assert!(text(b"caf\xe9", "application/json").is_err());
    }
}
