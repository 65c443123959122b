//! The object of a detail, remembered as it was loaded.
//!
//! An entry stands under a version, a random word that is in the cache too and is part of the entry's key. A reader that
//! finds no version puts a new one in *before* the object is loaded; a writer deletes the version *after* its
//! transaction has ended. So an entry that was loaded before a write stands under a version that nobody finds any more,
//! however the two fall together and on however many machines, and whatever the cache loses on the way costs a query
//! and no more.
//!
//! Versions are shared by the objects whose names fall together: there are only so many of them, whatever names a
//! client makes up.

use std::fmt::Write as _;

use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::{runtime::Handle, task::JoinHandle};

use super::{AnyCache, Bytes};
use crate::{
    http::Request,
    resource::{Mounted, Resource, Source},
};

/// The most versions of a resource.
const VERSIONS: u64 = 4096;
/// How many versions are deleted at once.
const AT_ONCE: usize = 64;

/// Where an object is kept, and what was found there.
#[derive(Debug)]
pub(crate) struct Place {
    cache: AnyCache,
    key: String,
    pub(crate) found: Option<Bytes>,
}

impl Place {
    /// Keeps an object there.
    pub(crate) async fn fill(self, object: Vec<u8>) {
        self.cache.set(&self.key, object.into(), None).await;
    }
}

/// Looks for the object that the address of a request names; nothing where the resource keeps none.
///
/// Entries are kept apart by the name as it is written, by the headers on which answers vary, and, unless the cache is
/// public, by the caller. What `get_object_list` looks at beside these must not decide which objects there are.
///
/// # Compatibility
///
/// `cached_obj_get`, `resources.py:1184`, and `generate_cache_key`, `resources.py:785`: there one caller is shown what was
/// loaded for another, without being asked whether they may see it. `cached_obj_get_list`, `resources.py:1069`, is called
/// by no view, and has no counterpart.
pub(crate) fn look<R: Resource>(
    mounted: &Mounted<R>,
    request: &Request,
) -> impl Future<Output = Option<Place>> {
    let version_key = version_key(mounted, request, request.detail_name());
    found(&mounted.meta.cache, version_key, request)
}

/// What is found under a version.
async fn found(cache: &AnyCache, version_key: Option<String>, request: &Request) -> Option<Place> {
    let version_key = version_key?;
    let name = request.detail_name();
    let (version, is_new) = match cache.get(&version_key).await {
        Some(version) => (version, false),
        None => (new_version()?, true),
    };
    let key = entry_key(cache, request, &version_key, &version, name);
    let found = if is_new {
        cache.set(&version_key, version, None).await;
        None
    } else {
        cache.get(&key).await
    };
    Some(Place {
        cache: cache.clone(),
        key,
        found,
    })
}

/// The key of the version under which the object of this name stands; nothing where it is not kept.
pub(crate) fn version_key<R: Resource>(
    mounted: &Mounted<R>,
    request: &Request,
    name: &str,
) -> Option<String> {
    if !mounted.meta.cache.keeps() {
        return None;
    }
    // `02` may be another entry than `2`, and is the same object.
    let canonical = R::Source::canonical_name(mounted, name)?;
    Some(key_of(&canonical, &mounted.meta.resource_name, request))
}

fn key_of(canonical: &str, resource_name: &str, request: &Request) -> String {
    let digest = Sha256::digest(canonical.as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!(
        "{}:{resource_name}:version:{}",
        request.site().name(),
        number % VERSIONS
    )
}

fn new_version() -> Option<Bytes> {
    let mut word = [0; 16];
    getrandom::fill(&mut word).ok()?;
    Some(Bytes::copy_from_slice(&word))
}

/// The key of an entry: all that it is kept apart by, digested, since it may be long and is nobody's business.
fn entry_key(
    cache: &AnyCache,
    request: &Request,
    version_key: &str,
    version: &[u8],
    name: &str,
) -> String {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        digest.update(bytes);
    };
    part(version);
    part(name.as_bytes());
    for header in cache.varies() {
        if header.eq_ignore_ascii_case("accept") {
            continue;
        }
        part(header.as_bytes());
        for value in request.headers().get_all(header.as_ref()) {
            part(value.as_bytes());
        }
    }
    if !cache.is_public() {
        part(b"caller");
        match request.user() {
            Some(user) => {
                part(&user.id.to_le_bytes());
                part(user.username.as_bytes());
            }
            None => part(b""),
        }
        part(request.identifier().unwrap_or_default().as_bytes());
    }
    let mut key = format!("{version_key}:");
    for byte in digest.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// A version of an object that was written: what stands under it is old.
#[derive(Debug)]
pub(crate) struct Stale {
    cache: AnyCache,
    version_key: String,
}

impl Stale {
    pub(crate) fn new(cache: &AnyCache, version_key: String) -> Self {
        Self {
            cache: cache.clone(),
            version_key,
        }
    }
}

/// Deletes the versions under these keys, and with them what stands under them; even where the request that wrote ends
/// meanwhile.
pub(crate) fn forget(mut written: Vec<Stale>) -> Option<JoinHandle<()>> {
    if written.is_empty() {
        return None;
    }
    written.sort_unstable_by(|one, other| one.version_key.cmp(&other.version_key));
    written.dedup_by(|one, other| one.version_key == other.version_key);
    let forgetting = async move {
        futures_util::stream::iter(&written)
            .for_each_concurrent(AT_ONCE, |stale| stale.cache.delete(&stale.version_key))
            .await;
    };
    // Whoever writes does so on a thread of a runtime; without one nobody reads by this cache either.
    Some(Handle::try_current().ok()?.spawn(forgetting))
}
