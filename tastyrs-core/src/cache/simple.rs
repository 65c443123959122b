//! The cache in this process.

use std::{fmt, time::Duration};

use tastyrs_throttle::Clock;

use super::{
    Bytes, Cache,
    control::{Control, controlled},
};

/// What an entry costs beside its key and its bytes.
const OVERHEAD: usize = 128;

/// Remembers in this process, up to a number of entries and of bytes.
///
/// Clones share what they remember. A flood of keys pushes out what is seldom asked for.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_core::cache::{Cache as _, SimpleCache};
///
/// let cache = SimpleCache::new().timeout(Duration::from_secs(10)).public();
///
/// assert_eq!(cache.cache_control().as_deref(), Some("max-age=10, s-maxage=10, public"));
/// ```
///
/// # Compatibility
///
/// `SimpleCache`, `cache.py:47`, which keeps its entries in one of Django's caches and where nothing is said as long as
/// that does. `s-maxage` is sent with `public` alone: it lets caches on the way show an answer to others than the
/// caller who signed in for it (RFC 9111, section 3.5).
#[derive(Clone)]
pub struct SimpleCache {
    pub(super) control: Control,
    clock: Clock,
    most: Most,
    entries: moka::sync::Cache<String, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Most {
    entries: u64,
    bytes: u64,
}

#[derive(Clone)]
struct Entry {
    value: Bytes,
    /// When it is too old, by the cache's clock.
    until: Duration,
    timeout: Duration,
}

/// Has entries removed when they are too old, so that they take no room until others need it.
struct Timeouts;

impl moka::Expiry<String, Entry> for Timeouts {
    fn expire_after_create(
        &self,
        _: &String,
        entry: &Entry,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(entry.timeout)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.timeout)
    }
}

impl Most {
    fn entries(self) -> moka::sync::Cache<String, Entry> {
        // Each entry weighs at least its share of the bytes, so that one bound holds both.
        let share = u32::try_from(self.bytes.div_ceil(self.entries)).unwrap_or(u32::MAX);
        moka::sync::Cache::builder()
            .max_capacity(self.bytes)
            .weigher(move |key: &String, entry: &Entry| {
                let bytes = key.len() + entry.value.len() + OVERHEAD;
                u32::try_from(bytes).unwrap_or(u32::MAX).max(share)
            })
            .expire_after(Timeouts)
            .build()
    }
}

impl SimpleCache {
    /// Keeps each entry for 60 seconds, 10,000 entries and 64 MiB at most.
    pub fn new() -> Self {
        let most = Most {
            entries: 10_000,
            bytes: 64 * 1024 * 1024,
        };
        Self {
            control: Control::new(),
            clock: Clock::system(),
            most,
            entries: most.entries(),
        }
    }

    /// Sets the most entries; it forgets what it has, and clones go their own way.
    #[must_use]
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.most.entries = entries.max(1);
        self.entries = self.most.entries();
        self
    }

    /// Sets the most bytes; it forgets what it has, and clones go their own way.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.most.bytes = bytes.max(1);
        self.entries = self.most.entries();
        self
    }

    /// Tells the time by this clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

controlled!(SimpleCache);

impl Default for SimpleCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SimpleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleCache")
            .field("control", &self.control)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Cache for SimpleCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let entry = self.entries.get(key)?;
        (self.clock.monotonic() < entry.until).then_some(entry.value)
    }

    async fn set(&self, key: &str, value: Bytes, timeout: Option<Duration>) {
        let timeout = timeout.unwrap_or(self.control.timeout);
        let entry = Entry {
            value,
            until: self.clock.monotonic().saturating_add(timeout),
            timeout,
        };
        self.entries.insert(key.to_owned(), entry);
    }

    async fn delete(&self, key: &str) {
        self.entries.invalidate(key);
    }

    controlled!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn remembers_for_as_long_as_it_was_told_and_no_longer() {
        let clock = Clock::manual();
        let cache = SimpleCache::new().clock(clock.clone());
        cache.set("a", Bytes::from_static(b"1"), None).await;
        let short = Some(Duration::from_secs(5));
        cache.set("b", Bytes::from_static(b"2"), short).await;

        clock.advance_secs(5);
        let (a, b) = (cache.get("a").await, cache.get("b").await);
        clock.advance_secs(55);
        let later = cache.get("a").await;

        assert_eq!(a.as_deref(), Some(&b"1"[..]));
        assert_eq!((b, later), (None, None));
    }

    #[tokio::test]
    async fn what_is_deleted_is_gone_for_clones_too() {
        let cache = SimpleCache::new();
        let clone = cache.clone();
        cache.set("a", Bytes::from_static(b"1"), None).await;

        clone.delete("a").await;

        assert_eq!(cache.get("a").await, None);
    }

    #[tokio::test]
    async fn a_flood_of_keys_takes_no_more_room_than_it_may() {
        let few = SimpleCache::new().max_entries(100);
        let small = SimpleCache::new().max_bytes(50_000);
        for number in 0..5_000 {
            let key = format!("key {number}");
            few.set(&key, Bytes::from_static(b"1"), None).await;
            small.set(&key, Bytes::from(vec![0; 1_000]), None).await;
        }
        few.entries.run_pending_tasks();
        small.entries.run_pending_tasks();

        assert!(few.entries.entry_count() <= 100);
        assert!(small.entries.weighted_size() <= 50_000);
        assert!(small.entries.entry_count() <= 50);
    }
}
