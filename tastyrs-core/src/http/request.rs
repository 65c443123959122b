//! Our own picture of a request, which may cross to a blocking thread.

use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::HashMap,
    fmt, iter,
    net::IpAddr,
    sync::Arc,
};

use actix_web::{
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    web::Bytes,
};

use tastyrs_throttle::Redaction;

use super::Query;
use crate::{api::Site, dispatch::Progress, errors::Result};

/// Asked for at each request, so it is not read as a name each time.
pub(crate) const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// What came over the wire.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// Path and query as they were sent.
    pub(crate) full_path: String,
    pub(crate) path_length: usize,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<IpAddr>,
    /// Whether it came over TLS to this very process.
    pub(crate) secure: bool,
    pub(crate) body: Bytes,
    /// What stands in front of the API's own addresses, as a proxy or an outer scope adds it.
    pub(crate) prefix: String,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The key of the row in the table of users.
    pub id: i64,
    /// The name by which they sign in.
    pub username: String,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Whether they may use the site's administration.
    pub is_staff: bool,
    /// Whether they may do everything.
    pub is_superuser: bool,
}

impl User {
    /// An active user without privileges.
    pub fn new(id: i64, username: impl Into<String>) -> Self {
        Self {
            id,
            username: username.into(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
        }
    }
}

/// Values of the caller's own types that travel with a request, one of each type.
#[derive(Default)]
pub struct Extensions(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Extensions {
    /// Puts a value in, and gives back the one of its type that was there.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.0
            .insert(TypeId::of::<T>(), Box::new(value))
            .and_then(|old| old.downcast().ok())
            .map(|old| *old)
    }

    /// The value of this type.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0
            .get(&TypeId::of::<T>())
            .and_then(|value| value.downcast_ref())
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extensions({})", self.0.len())
    }
}

struct Inner {
    head: Head,
    site: Arc<Site>,
    user: Option<User>,
    identifier: Option<String>,
    extensions: Extensions,
    progress: Progress,
}

/// A request on its way through the steps of a resource.
pub struct Request {
    /// Nothing only while the request is lent to a blocking thread.
    inner: Option<Box<Inner>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Some(inner) => write!(
                f,
                "Request({} {})",
                inner.head.method,
                Redaction::new().apply(&inner.head.full_path)
            ),
            None => f.write_str("Request(lent)"),
        }
    }
}

impl Request {
    pub(crate) fn new(head: Head, site: Arc<Site>) -> Self {
        let inner = Inner {
            head,
            site,
            user: None,
            identifier: None,
            extensions: Extensions::default(),
            progress: Progress::default(),
        };
        Self {
            inner: Some(Box::new(inner)),
        }
    }

    /// Takes the content out, to be given to another thread; it comes back by `restore`.
    pub(crate) fn lend(&mut self) -> Self {
        Self {
            inner: self.inner.take(),
        }
    }

    /// Whether it came back from wherever it was lent to.
    pub(crate) fn is_whole(&self) -> bool {
        self.inner.is_some()
    }

    pub(crate) fn restore(&mut self, lent: Self) {
        self.inner = lent.inner;
    }

    fn inner(&self) -> &Inner {
        self.inner
            .as_ref()
            .expect("whoever holds a request holds it whole: it is lent behind a `&mut`")
    }

    fn inner_mut(&mut self) -> &mut Inner {
        self.inner
            .as_mut()
            .expect("whoever holds a request holds it whole: it is lent behind a `&mut`")
    }

    /// Its method; an override that was allowed has replaced what was sent.
    pub fn method(&self) -> &Method {
        &self.inner().head.method
    }

    pub(crate) fn set_method(&mut self, method: Method) {
        self.inner_mut().head.method = method;
    }

    /// Path and query as they were sent.
    pub fn full_path(&self) -> &str {
        &self.inner().head.full_path
    }

    /// Path and query as they were sent, but for an `api_key`: what may be written down.
    pub(crate) fn recorded_path(&self) -> Cow<'_, str> {
        without_api_key(self.full_path())
    }

    /// The path as it was sent.
    pub fn path(&self) -> &str {
        let head = &self.inner().head;
        head.full_path.get(..head.path_length).unwrap_or_default()
    }

    /// The parameters of its address.
    pub fn params(&self) -> &Query {
        &self.inner().head.query
    }

    /// The parameters of its address as a struct of the caller's.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`](crate::Error::BadRequest) where they do not fit the struct.
    pub fn query<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        self.params().to()
    }

    /// The name of the object that its address ends in, as it was sent; of a set all names between semicolons, of a
    /// list nothing.
    pub fn detail_name(&self) -> &str {
        &self.inner().progress.named
    }

    /// What its address says in the place that an endpoint left open under this name.
    pub fn capture(&self, name: &str) -> Option<&str> {
        let captures = &self.inner().progress.captures;
        captures
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| text.as_str())
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.inner().head.headers
    }

    /// The header of this name, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// The address of the caller: that of the connection, or behind proxies that
    /// [`Api::trusted_proxies`](crate::api::Api::trusted_proxies) names what they say. Nothing where the connection has
    /// none, as through a socket in the file system.
    pub fn client(&self) -> Option<IpAddr> {
        let clients = self.site().clients();
        // Found where the peer is a trusted proxy, and not looked for elsewhere.
        let lines = iter::once_with(|| {
            let name = clients.forwarded_header().name();
            self.headers().get_all(name).map(HeaderValue::as_bytes)
        });
        clients.of(self.peer(), lines.flatten())
    }

    /// The address of whoever opened the connection; a proxy's where one stands before the API.
    pub fn peer(&self) -> Option<IpAddr> {
        self.inner().head.peer
    }

    /// Whether it came over TLS to this very process; where a proxy ends TLS, only the proxy knows.
    pub fn is_secure(&self) -> bool {
        self.inner().head.secure
    }

    /// Its body.
    pub fn body(&self) -> &Bytes {
        &self.inner().head.body
    }

    pub(crate) fn set_body(&mut self, body: Bytes) {
        self.inner_mut().head.body = body;
    }

    /// What stands in front of the API's own addresses.
    pub(crate) fn prefix(&self) -> &str {
        &self.inner().head.prefix
    }

    /// The API that it came to.
    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.inner().site
    }

    /// Who is signed in.
    pub fn user(&self) -> Option<&User> {
        self.inner().user.as_ref()
    }

    /// Says who is signed in; an authentication does.
    pub fn set_user(&mut self, user: User) {
        self.inner_mut().user = Some(user);
    }

    /// By which name the authentication knows the caller, once it has let them in.
    pub fn identifier(&self) -> Option<&str> {
        self.inner().identifier.as_deref()
    }

    /// Says by which name the caller is known to throttles; an authentication does.
    pub fn set_identifier(&mut self, identifier: impl Into<String>) {
        self.inner_mut().identifier = Some(identifier.into());
    }

    /// Says how many places of its throttle the request takes after all, where only the work could tell: fewer than
    /// were taken are given back, more are counted whether there is room for them or not.
    pub fn charge(&mut self, cost: u32) {
        if let Some(reservation) = &mut self.progress_mut().reservation {
            reservation.charge(cost);
        }
    }

    /// Values of one's own that travel with the request.
    pub fn extensions(&self) -> &Extensions {
        &self.inner().extensions
    }

    /// Values of one's own that travel with the request, to be changed.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.inner_mut().extensions
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.inner().progress
    }

    pub(crate) fn progress_mut(&mut self) -> &mut Progress {
        &mut self.inner_mut().progress
    }
}

/// An address without the keys in its query, however their name is encoded.
fn without_api_key(full_path: &str) -> Cow<'_, str> {
    let Some((path, query)) = full_path.split_once('?') else {
        return full_path.into();
    };
    let is_key = |pair: &&str| Query::parse(pair).get("api_key").is_some();
    if !query.split('&').any(|pair| is_key(&pair)) {
        return full_path.into();
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
    if kept.is_empty() {
        return path.into();
    }
    format!("{path}?{}", kept.join("&")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_an_address_is_not_written_down() {
        for (address, written) in [
            ("/notes/", "/notes/"),
            ("/notes/?a=1&b=%20", "/notes/?a=1&b=%20"),
            ("/notes/?api_key=k1", "/notes/"),
            (
                "/notes/?username=ada&api_key=k1&limit=2",
                "/notes/?username=ada&limit=2",
            ),
            ("/notes/?%61pi%5fkey=k1&a&api_key", "/notes/?a"),
            (
                "/notes/?my_api_key=1&x=api_key",
                "/notes/?my_api_key=1&x=api_key",
            ),
            ("/notes/?", "/notes/?"),
        ] {
            assert_eq!(without_api_key(address), written, "{address}");
        }
    }
}
