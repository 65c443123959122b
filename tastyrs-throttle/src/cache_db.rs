//! The throttle that counts in memory and writes every access down.

use std::future::{Future, ready};
use std::sync::{Arc, PoisonError, RwLock};

use crate::access::Access;
use crate::access_log::{AccessLog, Binding};
use crate::access_row::AccessRow;
use crate::clock::Clock;
use crate::counter::Counter;
use crate::durability::Durability;
use crate::errors::{Error, Result};
use crate::journal::Journal;
use crate::recount;
use crate::redaction::Redaction;
use crate::reservation::{Kind, Logged};
use crate::settings::{Settings, setters};
use crate::store::Store;
use crate::throttle::{Admission, Throttle};
use crate::verdict::Verdict;

/// Counts like a [`CacheThrottle`](crate::CacheThrottle), and writes every access that is kept to
/// an [`AccessLog`], before its request is answered unless [`durability`](Self::durability) says
/// otherwise.
///
/// Many requests share one insert: while one is under way, the rows of the next gather. When the
/// log cannot keep up, requests wait for it, at most 5 seconds. A row that cannot be written is an
/// error to its request; the access stays counted.
///
/// It must be [bound](Throttle::bind) to a log first. Then it counts the rows of its resource that
/// are younger than its window, so that a restart forgives nothing. A row has whole seconds and
/// counts from the end of its second; it counts as one access, whatever its request cost.
///
/// A process that ends [drains](Throttle::drain) it first.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::{CacheDbThrottle, Durability};
///
/// let throttle = CacheDbThrottle::new()
///     .throttle_at(100)
///     .durability(Durability::Behind { flush: Duration::from_millis(100) })
///     .secret_parameters(["session"]);
/// ```
///
/// # Compatibility
///
/// `CacheDBThrottle`, `throttle.py:122`, which does not read its rows again.
#[derive(Clone, Debug, Default)]
pub struct CacheDbThrottle {
    counter: Counter,
    durability: Durability,
    redaction: Redaction,
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

    /// Sets when a row is written.
    #[must_use]
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Has the values of these parameters of an address written as `***` too; see [`Redaction`].
    #[must_use]
    pub fn secret_parameters<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self {
            redaction: self.redaction.and(names),
            ..self
        }
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

    /// Each journal once, however many resources write to it.
    fn each_journal(&self) -> Vec<Arc<Journal>> {
        let journals = self.journals.read().unwrap_or_else(PoisonError::into_inner);
        let mut each: Vec<Arc<Journal>> = Vec::new();
        for (_, journal) in journals.iter() {
            if !each.iter().any(|known| Arc::ptr_eq(known, journal)) {
                each.push(Arc::clone(journal));
            }
        }
        each
    }

    fn write_to(&self, resource: &str, log: &Arc<dyn AccessLog>) {
        let mut journals = self
            .journals
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let known = journals.iter().find(|(_, journal)| journal.is_of(log));
        let journal = known.map_or_else(
            || Journal::new(Arc::clone(log), self.durability),
            |(_, journal)| Arc::clone(journal),
        );
        journals.retain(|(name, _)| name != resource);
        journals.push((resource.to_owned(), journal));
    }

    fn take(&self, access: &Access<'_>) -> Result<Admission> {
        let journal = self.journal(access.resource)?;
        let secs = self.counter.joined()?.clock.wall_secs();
        self.counter.reserve(access, |place| {
            Kind::Logged(Box::new(Logged {
                place,
                row: AccessRow::redacted(access, secs, &self.redaction),
                journal,
            }))
        })
    }
}

setters!(CacheDbThrottle);

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
        let row = AccessRow::redacted(access, secs, &self.redaction);
        journal.write(row).await
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
        recount::count_rows(&self.counter, &binding.addresses, log.as_ref())?;
        self.write_to(&binding.resource, log);
        Ok(())
    }

    async fn drain(&self) -> Result<()> {
        let mut drained = Ok(());
        for journal in self.each_journal() {
            drained = drained.and(journal.drain().await);
        }
        drained
    }

    fn keys(&self) -> Option<usize> {
        Some(self.counter.store().len())
    }

    fn describe(&self) -> Option<String> {
        self.counter.describe()
    }
}
