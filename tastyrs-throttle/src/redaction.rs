//! Secrets in addresses, kept out of what is written down.

use std::borrow::Cow;
use std::sync::Arc;

/// Which parameters of an address hold secrets: their values are written as `***`.
///
/// `api_key`, `key`, `token`, `access_token` and `password` always do. Names are compared without
/// regard to case, and as they read once they are decoded.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::Redaction;
///
/// let redaction = Redaction::new().and(["session"]);
///
/// assert_eq!(redaction.apply("/notes/?session=s1&key=k1&page=2"), "/notes/?session=***&key=***&page=2");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    more: Arc<[String]>,
}

const SECRETS: [&str; 5] = ["api_key", "key", "token", "access_token", "password"];

impl Redaction {
    /// Knows the five names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows these names too.
    #[must_use]
    pub fn and<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let known = self.more.iter().cloned();
        Self {
            more: known.chain(names.into_iter().map(Into::into)).collect(),
        }
    }

    /// Replaces the values of such parameters in a path and query.
    pub fn apply<'u>(&self, url: &'u str) -> Cow<'u, str> {
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
                Some((name, _)) if self.has(name) => {
                    clean.push_str(name);
                    clean.push_str("=***");
                }
                _ => clean.push_str(parameter),
            }
        }
        Cow::Owned(clean)
    }

    fn has(&self, name: &str) -> bool {
        let name = percent_decoded(name);
        let name = name.trim_ascii();
        let more = self.more.iter().map(String::as_str);
        SECRETS
            .into_iter()
            .chain(more)
            .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str) -> Cow<'_, str> {
        Redaction::new().apply(url)
    }

    #[test]
    fn secrets_are_found_however_they_are_spelled() {
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
    fn names_of_ones_own_come_on_top() {
        let redaction = Redaction::new().and(["sid"]).and(["Signature"]);

        let clean = redaction.apply("/n/?SID=1&signature=2&api_key=3&side=4");

        assert_eq!(clean, "/n/?SID=***&signature=***&api_key=***&side=4");
    }
}
