//! What is remembered of objects, and what caches between here and the client may do.
//!
//! - the trait [`Cache`], for one's own, and [`AnyCache`], which holds any
//! - [`NoCache`], the default, remembers nothing
//! - [`SimpleCache`] remembers in this process
//! - `RedisCache`, with the feature `redis`, remembers for all machines
//! - `control`: what the caches that remember have in common
//! - `cached_obj_get`: the object of a detail, remembered
//! - `headers`: `Vary` and `Cache-Control`

mod any;
mod cached_obj_get;
mod control;
mod headers;
mod no_cache;
#[cfg(feature = "redis")]
mod redis;
mod simple;

use std::{borrow::Cow, time::Duration};

pub use actix_web::web::Bytes;
use actix_web::{
    HttpResponse,
    http::{Method, StatusCode},
};

#[cfg(feature = "redis")]
pub use self::redis::RedisCache;
pub use self::{any::AnyCache, no_cache::NoCache, simple::SimpleCache};
pub(crate) use self::{
    cached_obj_get::{Stale, forget, look, version_key},
    headers::patch,
};
use crate::http::Request;

/// The names of `Vary` where a cache says nothing of them.
const ACCEPT: &[Cow<'static, str>] = &[Cow::Borrowed("Accept")];

/// Remembers bytes by key for a while, and says what caches between here and the client may do.
///
/// A resource with a cache keeps the object of a detail in it, as it was loaded; the object's data is made anew for each
/// request, and whether its caller may see it is asked each time. What cannot be had or kept is no error: an
/// implementation logs it, and the object is loaded.
///
/// # Examples
///
/// A cache that keeps nothing and forbids others to keep anything:
///
/// ```
/// use std::{borrow::Cow, time::Duration};
/// use tastyrs_core::cache::{AnyCache, Bytes, Cache};
///
/// struct Nowhere;
///
/// impl Cache for Nowhere {
///     async fn get(&self, _: &str) -> Option<Bytes> {
///         None
///     }
///
///     async fn set(&self, _: &str, _: Bytes, _: Option<Duration>) {}
///
///     async fn delete(&self, _: &str) {}
///
///     fn keeps(&self) -> bool {
///         false
///     }
///
///     fn cache_control(&self) -> Option<Cow<'_, str>> {
///         Some(Cow::Borrowed("no-store"))
///     }
/// }
///
/// assert_eq!(AnyCache::new(Nowhere).cache_control().as_deref(), Some("no-store"));
/// ```
///
/// # Compatibility
///
/// `NoCache`, `cache.py:4`, with its methods; `delete` is new, for objects that were written.
pub trait Cache: Send + Sync + 'static {
    /// The bytes under a key, if they are there and not too old.
    fn get(&self, key: &str) -> impl Future<Output = Option<Bytes>> + Send;

    /// Puts bytes under a key, for `timeout` or for as long as the cache keeps things by itself.
    fn set(
        &self,
        key: &str,
        value: Bytes,
        timeout: Option<Duration>,
    ) -> impl Future<Output = ()> + Send;

    /// Forgets what is under a key; when this is done nobody gets it any more.
    fn delete(&self, key: &str) -> impl Future<Output = ()> + Send;

    /// Whether it keeps anything at all, so that it is worth asking.
    fn keeps(&self) -> bool {
        true
    }

    /// Whether all callers see the same objects, so that what was loaded for one may be shown to another. Where they do
    /// not, each caller has entries of their own.
    fn is_public(&self) -> bool {
        false
    }

    /// The names of the headers of a request on which an answer depends; they become `Vary`, and entries are kept apart
    /// by their values (but not by `Accept`, which decides how an object is written).
    fn varies(&self) -> &[Cow<'static, str>] {
        ACCEPT
    }

    /// Whether an answer tells by `Cache-Control` what may be done with it: those to GET and HEAD with 200 do.
    fn cacheable(&self, request: &Request, response: &HttpResponse) -> bool {
        matches!(*request.method(), Method::GET | Method::HEAD)
            && response.status() == StatusCode::OK
    }

    /// The value of `Cache-Control` of such an answer.
    fn cache_control(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("no-cache"))
    }
}
