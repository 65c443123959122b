//! The handle of any cache.

use std::{any::type_name, borrow::Cow, fmt, pin::Pin, sync::Arc, time::Duration};

use actix_web::HttpResponse;

use super::{Bytes, Cache};
use crate::http::Request;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The object-safe twin of [`Cache`].
trait Erased: Send + Sync {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Bytes>>;
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        timeout: Option<Duration>,
    ) -> BoxFuture<'a, ()>;
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()>;
    fn keeps(&self) -> bool;
    fn is_public(&self) -> bool;
    fn varies(&self) -> &[Cow<'static, str>];
    fn cacheable(&self, request: &Request, response: &HttpResponse) -> bool;
    fn cache_control(&self) -> Option<Cow<'_, str>>;
    fn name(&self) -> &'static str;
}

impl<C: Cache> Erased for C {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<Bytes>> {
        Box::pin(Cache::get(self, key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Bytes,
        timeout: Option<Duration>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(Cache::set(self, key, value, timeout))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(Cache::delete(self, key))
    }

    fn keeps(&self) -> bool {
        Cache::keeps(self)
    }

    fn is_public(&self) -> bool {
        Cache::is_public(self)
    }

    fn varies(&self) -> &[Cow<'static, str>] {
        Cache::varies(self)
    }

    fn cacheable(&self, request: &Request, response: &HttpResponse) -> bool {
        Cache::cacheable(self, request, response)
    }

    fn cache_control(&self) -> Option<Cow<'_, str>> {
        Cache::cache_control(self)
    }

    fn name(&self) -> &'static str {
        type_name::<C>()
    }
}

/// A handle of any cache; a clone is the same cache.
///
/// # Examples
///
/// ```
/// use tastyrs_core::cache::{AnyCache, Bytes, SimpleCache};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let cache = AnyCache::new(SimpleCache::new());
/// cache.set("title", Bytes::from_static(b"Bread"), None).await;
///
/// assert_eq!(cache.clone().get("title").await.as_deref(), Some(&b"Bread"[..]));
/// # }
/// ```
#[derive(Clone)]
pub struct AnyCache(Arc<dyn Erased>);

impl AnyCache {
    /// Holds a cache.
    pub fn new(cache: impl Cache) -> Self {
        Self(Arc::new(cache))
    }

    /// The bytes under a key; see [`Cache::get`].
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        self.0.get(key).await
    }

    /// Puts bytes under a key; see [`Cache::set`].
    pub async fn set(&self, key: &str, value: Bytes, timeout: Option<Duration>) {
        self.0.set(key, value, timeout).await;
    }

    /// Forgets what is under a key; see [`Cache::delete`].
    pub async fn delete(&self, key: &str) {
        self.0.delete(key).await;
    }

    /// Whether it keeps anything at all.
    pub fn keeps(&self) -> bool {
        self.0.keeps()
    }

    /// Whether what was loaded for one caller may be shown to another.
    pub fn is_public(&self) -> bool {
        self.0.is_public()
    }

    /// The names of `Vary`.
    pub fn varies(&self) -> &[Cow<'static, str>] {
        self.0.varies()
    }

    /// Whether an answer tells by `Cache-Control` what may be done with it.
    pub fn cacheable(&self, request: &Request, response: &HttpResponse) -> bool {
        self.0.cacheable(request, response)
    }

    /// The value of `Cache-Control`.
    pub fn cache_control(&self) -> Option<Cow<'_, str>> {
        self.0.cache_control()
    }
}

impl<C: Cache> From<C> for AnyCache {
    fn from(cache: C) -> Self {
        Self::new(cache)
    }
}

impl fmt::Debug for AnyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyCache")
            .field(&format_args!("{}", self.0.name()))
            .finish()
    }
}
