//! The cache that remembers nothing.

use std::{borrow::Cow, time::Duration};

use super::{ACCEPT, Bytes, Cache};

/// Remembers nothing, and has others ask before they show what they remember; the default.
///
/// # Examples
///
/// ```
/// use tastyrs_core::cache::{Cache as _, NoCache};
///
/// let cache = NoCache::new().varies(["Accept", "Cookie"]);
///
/// assert_eq!(cache.cache_control().as_deref(), Some("no-cache"));
/// ```
///
/// # Compatibility
///
/// `NoCache`, `cache.py:4`.
#[derive(Debug, Clone)]
pub struct NoCache {
    varies: Cow<'static, [Cow<'static, str>]>,
}

impl NoCache {
    /// Varies on `Accept`.
    pub const fn new() -> Self {
        Self {
            varies: Cow::Borrowed(ACCEPT),
        }
    }

    /// Sets the names of the headers on which answers depend.
    #[must_use]
    pub fn varies<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.varies = names.into_iter().map(Into::into).collect();
        self
    }
}

impl Default for NoCache {
    fn default() -> Self {
        Self::new()
    }
}

impl Cache for NoCache {
    async fn get(&self, _: &str) -> Option<Bytes> {
        None
    }

    async fn set(&self, _: &str, _: Bytes, _: Option<Duration>) {}

    async fn delete(&self, _: &str) {}

    fn keeps(&self) -> bool {
        false
    }

    fn varies(&self) -> &[Cow<'static, str>] {
        &self.varies
    }
}
