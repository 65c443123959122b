//! Who signed in to the site that the API belongs to.

use std::sync::Arc;

use actix_web::http::header::{COOKIE, HeaderMap, HeaderName};

use super::{
    Authenticate, Claim,
    credentials::{Directory, NO_USER},
    csrf,
};
use crate::{
    api::Binding,
    django::{Accounts, SecretKeys},
    errors::{Error, Result},
    http::Request,
};

/// Lets in who is signed in to the Django site beside the API, by the session cookie of their browser.
///
/// Sessions are those of the table `django_session`, read with the site's `SECRET_KEY`. One lets nobody in that has
/// expired, whose user was deleted or is not active, or whose user has another password since.
///
/// A request that may change something must come from a page of the site: it repeats the cookie `csrftoken` in the
/// header `X-CSRFToken`, masked or not, and over https a `Referer` of the same host. Throttles know the caller by
/// their name, or as `nouser`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{AnyAuthentication, SessionAuthentication};
///
/// let authentication: AnyAuthentication = SessionAuthentication::new("the SECRET_KEY of settings.py")
///     .secure_proxy_header("x-forwarded-proto", "https")
///     .into();
/// # let _ = authentication;
/// ```
///
/// # Compatibility
///
/// `SessionAuthentication`, `authentication.py:286`, over Django's `SessionMiddleware` and `AuthenticationMiddleware`.
#[derive(Debug)]
pub struct SessionAuthentication {
    directory: Directory,
    keys: Arc<SecretKeys>,
    require_active: bool,
    session_cookie: String,
    csrf_cookie: String,
    secure: bool,
    secure_proxy_header: Option<(String, String)>,
    trusted_origins: Vec<String>,
}

impl SessionAuthentication {
    /// Reads sessions that were signed by this `SECRET_KEY`, or by these [`SecretKeys`].
    pub fn new(keys: impl Into<SecretKeys>) -> Self {
        Self {
            directory: Directory::default(),
            keys: Arc::new(keys.into()),
            require_active: true,
            session_cookie: "sessionid".to_owned(),
            csrf_cookie: "csrftoken".to_owned(),
            secure: false,
            secure_proxy_header: None,
            trusted_origins: Vec::new(),
        }
    }

    /// Sets whether the account must be active; it must unless said otherwise.
    #[must_use]
    pub fn require_active(mut self, require: bool) -> Self {
        self.require_active = require;
        self
    }

    /// Looks accounts and sessions up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    /// Sets the name of the session's cookie: Django's `SESSION_COOKIE_NAME`.
    #[must_use]
    pub fn session_cookie(mut self, name: impl Into<String>) -> Self {
        self.session_cookie = name.into();
        self
    }

    /// Sets the name of the token's cookie: Django's `CSRF_COOKIE_NAME`.
    #[must_use]
    pub fn csrf_cookie(mut self, name: impl Into<String>) -> Self {
        self.csrf_cookie = name.into();
        self
    }

    /// Sets whether all requests came over https, whatever this process sees of them.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Sets by which header a proxy says that a request came over https: Django's `SECURE_PROXY_SSL_HEADER`.
    ///
    /// The proxy must strip it from what others send.
    #[must_use]
    pub fn secure_proxy_header(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.secure_proxy_header = Some((name.into().to_ascii_lowercase(), value.into()));
        self
    }

    /// Adds a site whose pages may change things here too, as in `https://admin.example`: one of Django's
    /// `CSRF_TRUSTED_ORIGINS`.
    #[must_use]
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// Whether the request came over https.
    ///
    /// # Compatibility
    ///
    /// `HttpRequest.scheme`, `django/http/request.py`: what the proxy says counts up to its first comma.
    fn is_secure(&self, request: &Request) -> bool {
        let Some((name, https)) = &self.secure_proxy_header else {
            return self.secure || request.is_secure();
        };
        let said = request.header(name).unwrap_or_default();
        let said = said.split(',').next().unwrap_or_default().trim();
        self.secure || said == https
    }

    /// Whether a page of the site sent the request.
    fn is_own(&self, request: &Request) -> bool {
        if request.method().is_safe() {
            return true;
        }
        if self.is_secure(request) {
            let (referer, host) = (request.header("referer"), request.header("host"));
            let is_own = referer.zip(host).is_some_and(|(referer, host)| {
                csrf::is_own_page(referer, host, &self.trusted_origins)
            });
            if !is_own {
                return false;
            }
        }
        let cookie = cookie(request.headers(), &self.csrf_cookie);
        let sent = request.header("x-csrftoken");
        sent.zip(cookie)
            .is_some_and(|(sent, cookie)| csrf::tokens_match(sent, cookie))
    }
}

impl Authenticate for SessionAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let refused = || Error::Unauthorized { challenge: None };
        if !self.is_own(request) {
            return Err(refused());
        }
        let key = cookie(request.headers(), &self.session_cookie);
        let key = key.filter(|key| is_session_key(key)).ok_or_else(refused)?;
        let found = self.directory.get()?.with_session(key, &self.keys).await?;
        let user = found.ok_or_else(refused)?.user;
        if self.require_active && !user.is_active {
            return Err(refused());
        }
        request.set_identifier(user.username.as_str());
        request.set_user(user);
        Ok(())
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().unwrap_or(NO_USER).to_owned()
    }

    /// Nothing: the key of a session cannot be guessed, and one that has expired is everyday's.
    fn claim(&self, _: &Request) -> Option<Claim> {
        None
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        if self.keys.has_empty() {
            return Err(Error::Configuration(format!(
                "the SessionAuthentication of `{}` has an empty SECRET_KEY, with which anybody could sign",
                binding.resource_name
            )));
        }
        self.directory.bind(binding, "SessionAuthentication")
    }
}

/// Whether text may be the key of a session, so that the database need not be asked.
///
/// # Compatibility
///
/// `_validate_session_key`, `django/contrib/sessions/backends/base.py`, and the 40 characters of its column.
fn is_session_key(key: &str) -> bool {
    (8..=40).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The value of a cookie; of several of one name the last.
///
/// # Compatibility
///
/// `parse_cookie`, `django/http/cookie.py`.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    const HEADER: HeaderName = COOKIE;
    let pairs = headers
        .get_all(HEADER)
        .filter_map(|header| str::from_utf8(header.as_bytes()).ok())
        .flat_map(|header| header.split(';'));
    pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(known, _)| known.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"'))
        .last()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn finds_a_cookie_as_django_does() {
        let mut headers = HeaderMap::new();
        for header in [
            &b"a=1; sessionid=first;csrftoken=\"t\""[..],
            b"xsessionid=x; sessionid=second; sessionid",
            b"sessionid=\xff",
        ] {
            headers.append(COOKIE, HeaderValue::from_bytes(header).unwrap());
        }

        assert_eq!(cookie(&headers, "a"), Some("1"));
        assert_eq!(cookie(&headers, "sessionid"), Some("second"));
        assert_eq!(cookie(&headers, "csrftoken"), Some("t"));
        assert_eq!(cookie(&headers, "A"), None);
        assert_eq!(cookie(&headers, ""), None);
        assert_eq!(cookie(&HeaderMap::new(), "a"), None);
    }

    #[test]
    fn what_cannot_be_a_key_is_not_looked_up() {
        let long = "a".repeat(41);
        for (key, may_be) in [
            ("k8f2n0q1zj3x5v7b9d4g6h8m2p0r1s3t", true),
            ("12345678", true),
            ("1234567", false),
            ("", false),
            ("12345678;", false),
            ("1234567\0", false),
            ("1234567é", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_session_key(key), may_be, "{key}");
        }
    }

    #[test]
    fn a_secret_key_is_not_shown() {
        let shown = format!("{:?}", SessionAuthentication::new("hidden"));

        assert!(!shown.contains("hidden"), "{shown}");
    }
}
