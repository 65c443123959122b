//! The throttle that counts in memory and writes every access down.

use std::future::{Future, ready};
use std::sync::{Arc, PoisonError, RwLock};

use crate::access::Access;
use crate::access_log::{AccessLog, AccessRow, Binding};
use crate::clock::Clock;
use crate::counter::{Counter, Joined};
use crate::errors::{Error, Result};
use crate::identifier::Key;
use crate::journal::Journal;
use crate::reservation::Kind;
use crate::settings::{Settings, setters};
use crate::store::{Store, now};
use crate::throttle::{Admission, Throttle};
use crate::verdict::Verdict;

/// Counts like a [`CacheThrottle`](crate::CacheThrottle), and writes every access that is kept to
/// an [`AccessLog`] before its request is answered.
///
/// Many requests share one insert: while one is under way, the rows of the next gather. When the
/// log cannot keep up, requests wait for it. A row that cannot be written is an error to its
/// request; the access stays counted.
///
/// It must be [bound](Throttle::bind) to a log first. Then it counts the rows of its resource that
/// are younger than its window, so that a restart forgives nothing; a row has whole seconds and
/// counts from the end of its second. An identifier of more than 255 characters is cut in its row
/// and is not found again.
///
/// # Compatibility
///
/// `CacheDBThrottle`, `throttle.py:122`, which does not read its rows again.
#[derive(Clone, Debug, Default)]
pub struct CacheDbThrottle {
    counter: Counter,
    journals: Arc<RwLock<Journals>>,
}

/// Where the accesses of a resource are written, by its name.
type Journals = Vec<(String, Arc<Journal>)>;

impl CacheDbThrottle {
    /// Begins with tastypie's defaults: 150 requests in an hour, remembered for a week.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let counter = self.counter.set(change);
        Self { counter, ..self }
    }

    /// Tells the time by this clock. Throttles that share a store must share its clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        let counter = self.counter.clock(clock);
        Self { counter, ..self }
    }

    /// Counts in this store, together with the other throttles that were given it.
    #[must_use]
    pub fn store(self, store: Store) -> Self {
        let counter = self.counter.with_store(store);
        Self { counter, ..self }
    }

    fn journal(&self, resource: &str) -> Result<Arc<Journal>> {
        let journals = self.journals.read().unwrap_or_else(PoisonError::into_inner);
        journals
            .iter()
            .find(|(name, _)| name == resource)
            .or(journals.first())
            .map(|(_, journal)| Arc::clone(journal))
            .ok_or_else(|| Error::NoAccessLog {
                resource: resource.to_owned(),
            })
    }

    fn write_to(&self, resource: &str, log: &Arc<dyn AccessLog>) {
        let mut journals = self
            .journals
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let known = journals.iter().find(|(_, journal)| journal.is_of(log));
        let journal = known.map_or_else(
            || Journal::new(Arc::clone(log)),
            |(_, journal)| Arc::clone(journal),
        );
        journals.retain(|(name, _)| name != resource);
        journals.push((resource.to_owned(), journal));
    }

    fn take(&self, access: &Access<'_>) -> Result<Admission> {
        let journal = self.journal(access.resource)?;
        let secs = self.counter.joined()?.clock.wall_secs();
        self.counter.reserve(access, |place| Kind::Logged {
            place,
            row: Box::new(AccessRow::new(access, secs)),
            journal,
        })
    }

    /// Counts the rows that are younger than the window, those of each address once.
    fn count_rows(&self, addresses: &[String], log: &dyn AccessLog) -> Result<()> {
        let Joined { limits, clock } = self.counter.joined()?;
        let store = self.counter.store();
        let (fresh, before) = store.uncounted(addresses);
        if fresh.is_empty() {
            return Ok(());
        }
        let (now, now_secs) = (now(clock), clock.wall_secs());
        let window_secs = i64::try_from(store.longest().div_ceil(SECOND)).unwrap_or(i64::MAX);
        let rows = log
            .recent(now_secs.saturating_sub(window_secs), &fresh)
            .inspect_err(|_| store.recount(&fresh))?;
        for row in rows {
            if before.iter().any(|prefix| row.url.starts_with(prefix)) {
                continue;
            }
            // The end of the row's second, unless that is still to come.
            let age_secs = now_secs.saturating_sub(row.accessed_secs).saturating_sub(1);
            let age = u64::try_from(age_secs).unwrap_or(0).saturating_mul(SECOND);
            let at = now.saturating_sub(age);
            if at.saturating_add(store.longest()) > now {
                store.record(Key::of(&row.identifier), at, now, &limits.terms(), 1);
            }
        }
        Ok(())
    }
}

setters!(CacheDbThrottle);

const SECOND: u64 = 1_000_000_000;

impl Throttle for CacheDbThrottle {
    fn should_be_throttled(
        &self,
        access: &Access<'_>,
    ) -> impl Future<Output = Result<Verdict>> + Send {
        ready(self.counter.should_be_throttled(access))
    }

    async fn accessed(&self, access: &Access<'_>) -> Result<()> {
        let journal = self.journal(access.resource)?;
        self.counter.accessed(access)?;
        let secs = self.counter.joined()?.clock.wall_secs();
        journal.write(AccessRow::new(access, secs)).await
    }

    fn reserve(&self, access: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        ready(self.take(access))
    }

    fn reserve_now(&self, access: &Access<'_>) -> Option<Result<Admission>> {
        Some(self.take(access))
    }

    /// Checks the settings, and counts the rows of the resource that are younger than the window.
    fn bind(&self, binding: &Binding) -> Result<()> {
        self.counter.joined()?;
        let log = binding
            .access_log
            .as_ref()
            .ok_or_else(|| Error::NoAccessLog {
                resource: binding.resource.clone(),
            })?;
        self.count_rows(&binding.addresses, log.as_ref())?;
        self.write_to(&binding.resource, log);
        Ok(())
    }
}
