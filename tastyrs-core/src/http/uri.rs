//! Addresses, quoted as Django quotes them.

/// Characters that Django's `reverse` leaves as they are: RFC 3986's unreserved ones and sub-delimiters, and
/// `/~:@` (`django/urls/resolvers.py`).
fn in_reversed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=/:@".contains(&byte)
}

/// Characters that Django's `escape_uri_path` leaves as they are (`django/utils/encoding.py`).
fn in_redirected(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!*'()/:@&+$,".contains(&byte)
}

/// Appends `text`, its bytes that are not `safe` as `%41`.
pub(super) fn quote(text: &str, safe: fn(u8) -> bool, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if safe(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Appends a part of an address that names an object.
pub(crate) fn quote_segment(text: &str, out: &mut String) {
    quote(text, in_reversed, out);
}

/// A decoded path as it stands in a redirect.
pub(crate) fn quote_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    quote(path, in_redirected, &mut out);
    out
}

/// A path without its percent signs; what is no UTF-8 becomes U+FFFD.
pub(crate) fn decode_path(path: &str) -> std::borrow::Cow<'_, str> {
    if !path.contains('%') {
        return path.into();
    }
    String::from_utf8_lossy(&decode(path.as_bytes(), false))
        .into_owned()
        .into()
}

/// Turns `%41` into `A`, and `+` into a space where a form is read; what is no such thing stays as it is.
pub(super) fn decode(text: &[u8], form: bool) -> Vec<u8> {
    let hex = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut out = Vec::with_capacity(text.len());
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        let pair = text
            .get(position + 1)
            .copied()
            .and_then(hex)
            .zip(text.get(position + 2).copied().and_then(hex));
        match (byte, pair) {
            (b'%', Some((high, low))) => {
                out.push(high << 4 | low);
                position += 3;
            }
            (b'+', _) if form => {
                out.push(b' ');
                position += 1;
            }
            _ => {
                out.push(byte);
                position += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_a_redirect_as_django_does() {
        assert_eq!(
            quote_path("/api/v1/notes/set/1;2/"),
            "/api/v1/notes/set/1%3B2/"
        );
    }

    #[test]
    fn decodes_what_is_encoded_and_leaves_the_rest() {
        assert_eq!(decode_path("/notes/1%2F2/"), "/notes/1/2/");
        assert_eq!(decode_path("/notes/%zz%"), "/notes/%zz%");
        assert_eq!(decode_path("/notes/%ff"), "/notes/\u{fffd}");
    }
}
