//! Where accesses are written down, and what of a request is.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::access::Access;
use crate::errors::Result;
use crate::throttle::BoxFuture;

/// One access, as it is written down.
///
/// # Compatibility
///
/// A row of `tastypie_apiaccess`, `models.py:10`. What tastypie stores whole is cut: the
/// identifier to 255 characters, the URL to 2,048 bytes; and the values of `api_key`, `key`,
/// `token`, `access_token` and `password` in the query are written as `***`.
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
const MAX_URL_BYTES: usize = 2_048;
/// Stands for a zero character, which PostgreSQL refuses, and with it the rows that share its
/// insert.
const REPLACEMENT: &str = "\u{FFFD}";
const SECRETS: [&str; 5] = ["api_key", "key", "token", "access_token", "password"];

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
        let mut url = without_secrets(access.url).replace('\0', REPLACEMENT);
        url.truncate(boundary(&url, MAX_URL_BYTES));
        let identifier = access.identifier.replace('\0', REPLACEMENT);
        Self {
            identifier: identifier.chars().take(MAX_IDENTIFIER_CHARS).collect(),
            url,
            request_method: access.method.to_lowercase(),
            accessed_secs,
        }
    }
}

/// The last place at or before `bytes` where a text may be cut.
fn boundary(text: &str, bytes: usize) -> usize {
    (0..=bytes.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Replaces the values of parameters that hold secrets.
fn without_secrets(url: &str) -> Cow<'_, str> {
    let Some((path, query)) = url.split_once('?') else {
        return Cow::Borrowed(url);
    };
    let mut clean = String::with_capacity(url.len());
    clean.push_str(path);
    let mut before = '?';
    for parameter in query.split('&') {
        clean.push(before);
        before = '&';
        match parameter.split_once('=') {
            Some((name, _)) if is_secret(name) => {
                clean.push_str(name);
                clean.push_str("=***");
            }
            _ => clean.push_str(parameter),
        }
    }
    Cow::Owned(clean)
}

fn is_secret(name: &str) -> bool {
    let name = percent_decoded(name);
    SECRETS
        .iter()
        .any(|secret| name.trim_ascii().eq_ignore_ascii_case(secret.as_bytes()))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.extend(u8::try_from(high * 16 + low));
                at += 3;
            }
            (b'+', ..) => {
                decoded.push(b' ');
                at += 1;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

/// Keeps the rows of a [`CacheDbThrottle`](crate::CacheDbThrottle).
pub trait AccessLog: Send + Sync + 'static {
    /// Writes rows down, all or none; when it returns they are safe.
    ///
    /// One throttle has one call under way at a time, with at most 1,000 rows. It is polled by a
    /// task of its own, so it goes on when the requests that wait for it are dropped; the task may
    /// share its thread with requests, so work that blocks belongs on a thread for that.
    ///
    /// # Errors
    ///
    /// Whatever kept the rows from being written, usually by
    /// [`Error::access_log`](crate::Error::access_log).
    fn record(&self, rows: Vec<AccessRow>) -> BoxFuture<'_, Result<()>>;

    /// Reads the rows at or after a second whose URL begins with one of these addresses. It may
    /// block: it is called when a throttle is bound.
    ///
    /// # Errors
    ///
    /// Whatever kept the rows from being read.
    fn recent(&self, since_secs: i64, prefixes: &[String]) -> Result<Vec<AccessRow>>;
}

/// Tells a throttle for which resource it will decide.
#[derive(Clone, Default)]
pub struct Binding {
    /// The resource's name.
    pub resource: String,
    /// The beginnings of its addresses, such as `/api/v1/notes/`.
    pub addresses: Vec<String>,
    /// Where its accesses can be written down.
    pub access_log: Option<Arc<dyn AccessLog>>,
}

impl Binding {
    /// Names the resource; it has no address and no access log yet.
    pub fn new(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            ..Self::default()
        }
    }

    /// Adds the beginning of an address.
    #[must_use]
    pub fn address(mut self, prefix: impl Into<String>) -> Self {
        self.addresses.push(prefix.into());
        self
    }

    /// Says where accesses are written down.
    #[must_use]
    pub fn access_log(self, access_log: Arc<dyn AccessLog>) -> Self {
        Self {
            access_log: Some(access_log),
            ..self
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("resource", &self.resource)
            .field("addresses", &self.addresses)
            .field("access_log", &self.access_log.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> String {
        AccessRow::new(&Access::new("daniel").url(url), 0).url
    }

    #[test]
    fn secrets_never_reach_a_row() {
        assert_eq!(url("/n/?api_key=a1&x=2"), "/n/?api_key=***&x=2");
        assert_eq!(url("/n/?x=2&API_KEY=a1"), "/n/?x=2&API_KEY=***");
        assert_eq!(url("/n/?api%5Fkey=a1"), "/n/?api%5Fkey=***");
        assert_eq!(
            url("/n/?token=a=b&password=p&key=k&access_token=t"),
            "/n/?token=***&password=***&key=***&access_token=***"
        );
        assert_eq!(url("/n/?monkey=1&key"), "/n/?monkey=1&key");
        assert_eq!(url("/n/?%zz=1&%=2&%f"), "/n/?%zz=1&%=2&%f");
        assert_eq!(url("/n/"), "/n/");
    }

    #[test]
    fn a_long_url_is_cut_between_characters() {
        let url = url(&format!("/n/?q={}", "é".repeat(60_000)));

        assert_eq!(url.len(), 2_048);
        let odd = AccessRow::new(
            &Access::new("").url(&format!("/n?q={}", "é".repeat(2_000))),
            0,
        );
        assert_eq!(odd.url.len(), 2_047);
    }

    #[test]
    fn a_secret_does_not_survive_the_cut() {
        let secret = "s".repeat(4_000);

        assert_eq!(url(&format!("/n/?api_key={secret}")), "/n/?api_key=***");
    }

    #[test]
    fn no_row_holds_what_postgresql_refuses() {
        let row = AccessRow::new(&Access::new("a\0b").url("/n/\0"), 0);

        assert_eq!(
            (row.identifier.as_str(), row.url.as_str()),
            ("a\u{FFFD}b", "/n/\u{FFFD}")
        );
    }

    #[test]
    fn a_long_identifier_is_cut_to_255_characters() {
        let row = AccessRow::new(&Access::new(&"ü".repeat(300)).method("PATCH"), 7);

        assert_eq!(row.identifier, "ü".repeat(255));
        assert_eq!(row.request_method, "patch");
        assert_eq!(row.accessed_secs, 7);
    }
}
