//! What of a request is written down.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::access::Access;
use crate::identifier::Key;
use crate::redaction::Redaction;

/// One access, as it is written down.
///
/// # Compatibility
///
/// A row of `tastypie_apiaccess`, `models.py:10`. What tastypie stores whole is bounded: the
/// identifier to 255 characters (see [`identifier_of`](Self::identifier_of)), the URL to 2,048
/// bytes, the method to 10 characters; and the values of `api_key`, `key`, `token`,
/// `access_token` and `password` in the query are written as `***`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessRow {
    /// Who called.
    pub identifier: String,
    /// The path and query that were called.
    pub url: String,
    /// The method, in lower case.
    pub request_method: String,
    /// When, in seconds since 1970.
    pub accessed_secs: i64,
}

const MAX_IDENTIFIER_CHARS: usize = 255;
/// What is left of an identifier that is too long, in front of a colon and the 64 digits of its
/// digest.
const HEAD_CHARS: usize = 190;
const DIGEST_DIGITS: usize = 64;
const MAX_URL_BYTES: usize = 2_048;
const MAX_METHOD_CHARS: usize = 10;
/// Stands for a zero character, which PostgreSQL refuses.
const REPLACEMENT: &str = "\u{FFFD}";

impl AccessRow {
    /// Writes an access down, without its secrets and not longer than a row may be.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_throttle::{Access, AccessRow};
    ///
    /// let access = Access::new("daniel").method("GET").url("/api/v1/notes/?limit=1&api_key=secret");
    /// let row = AccessRow::new(&access, 1_704_067_200);
    ///
    /// assert_eq!(row.url, "/api/v1/notes/?limit=1&api_key=***");
    /// assert_eq!(row.request_method, "get");
    /// ```
    pub fn new(access: &Access<'_>, accessed_secs: i64) -> Self {
        Self::redacted(access, accessed_secs, &Redaction::new())
    }

    /// The same, where further parameters hold secrets.
    pub fn redacted(access: &Access<'_>, accessed_secs: i64, redaction: &Redaction) -> Self {
        let mut url = redaction.apply(access.url).replace('\0', REPLACEMENT);
        url.truncate(boundary(&url, MAX_URL_BYTES));
        let method = access.method.chars().take(MAX_METHOD_CHARS);
        Self {
            identifier: Self::identifier_of(access.identifier).into_owned(),
            url,
            request_method: method.flat_map(char::to_lowercase).collect(),
            accessed_secs,
        }
    }

    /// The identifier as it stands in a row: itself, unless it has more than 255 characters or a
    /// zero character. Such a one is its first 190 characters, a colon and the hexadecimal digits
    /// of its SHA-256, so that no two share a row's identifier.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_throttle::AccessRow;
    ///
    /// assert_eq!(AccessRow::identifier_of("daniel"), "daniel");
    /// assert_eq!(AccessRow::identifier_of(&"d".repeat(300)).len(), 255);
    /// ```
    pub fn identifier_of(identifier: &str) -> Cow<'_, str> {
        let fits = identifier.chars().nth(MAX_IDENTIFIER_CHARS).is_none();
        if fits && !identifier.contains('\0') {
            return Cow::Borrowed(identifier);
        }
        let head = identifier.chars().take(HEAD_CHARS).collect::<String>();
        let mut recorded = head.replace('\0', REPLACEMENT);
        recorded.push(':');
        for byte in Sha256::digest(identifier) {
            // Writing to a `String` never fails.
            let _ = write!(recorded, "{byte:02x}");
        }
        Cow::Owned(recorded)
    }
}

/// The key of the identifier that a row's stands for, if that has the form of one that could not be
/// written as it is.
pub(crate) fn key_in(recorded: &str) -> Option<Key> {
    let at = recorded.len().checked_sub(DIGEST_DIGITS)?;
    let (head, digits) = recorded.split_at_checked(at)?;
    let head = head.strip_suffix(':')?;
    if head.chars().nth(HEAD_CHARS).is_some() {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    // A short one had a zero character.
    let short = head.replace(REPLACEMENT, "\0");
    if Sha256::digest(&short)[..] == digest {
        return Some(Key::of(&short));
    }
    Some(Key::of_digest(&digest))
}

/// The last place at or before `bytes` where a text may be cut.
pub(crate) fn boundary(text: &str, bytes: usize) -> usize {
    (0..=bytes.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> String {
        AccessRow::new(&Access::new("daniel").url(url), 0).url
    }

    #[test]
    fn a_long_url_is_cut_between_characters() {
        let long = url(&format!("/n/?q={}", "é".repeat(60_000)));
        let odd = url(&format!("/n?q={}", "é".repeat(2_000)));

        assert_eq!((long.len(), odd.len()), (2_048, 2_047));
    }

    #[test]
    fn a_secret_does_not_survive_the_cut() {
        let secret = "s".repeat(4_000);

        assert_eq!(url(&format!("/n/?api_key={secret}")), "/n/?api_key=***");
    }

    #[test]
    fn no_row_holds_what_postgresql_refuses() {
        let access = Access::new("a\0b").url("/n/\0").method("VERSION-CONTROL");

        let row = AccessRow::new(&access, 0);

        assert!(row.identifier.starts_with("a\u{FFFD}b:"), "{row:?}");
        assert_eq!(row.url, "/n/\u{FFFD}");
        assert_eq!(row.request_method, "version-co");
    }

    #[test]
    fn an_identifier_of_255_characters_is_written_as_it_is() {
        let identifier = "ü".repeat(255);

        let row = AccessRow::new(&Access::new(&identifier).method("PATCH"), 7);

        assert_eq!(row.identifier, identifier);
        assert_eq!(
            (row.request_method.as_str(), row.accessed_secs),
            ("patch", 7)
        );
    }

    #[test]
    fn longer_identifiers_that_begin_alike_are_told_apart() {
        let begin = "ü".repeat(299);
        let of = |end: &str| AccessRow::identifier_of(&format!("{begin}{end}")).into_owned();

        let (one, other) = (of("a"), of("b"));

        assert_ne!(one, other);
        assert_eq!(one.chars().count(), 255);
        assert!(one.starts_with(&"ü".repeat(190)));
        assert_eq!(key_in(&one), Some(Key::of(&format!("{begin}a"))));
        assert_eq!(key_in("daniel"), None);
        assert_eq!(key_in(&"ü".repeat(255)), None);
    }
}
