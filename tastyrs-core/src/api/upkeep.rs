//! What an API looks after while it runs: its throttles, and the accesses that they write down.

use std::sync::Arc;

use futures_util::future::join_all;
use tastyrs_throttle::AnyThrottle;

use super::Mount;
use crate::{
    django::{Accesses, Pruning, Retention, Usage, UsageQuery},
    errors::{Error, Result},
};

pub(crate) struct Upkeep {
    throttles: Vec<AnyThrottle>,
    pub(super) accesses: Option<Arc<dyn Accesses>>,
    /// Ends with the API.
    _pruning: Option<Pruning>,
}

impl Upkeep {
    pub(super) fn new(
        throttles: Vec<AnyThrottle>,
        accesses: Option<Arc<dyn Accesses>>,
        retention: Option<Retention>,
    ) -> Self {
        let pruning = accesses
            .as_ref()
            .zip(retention)
            .map(|(accesses, retention)| Pruning::begin(accesses, retention));
        Self {
            throttles,
            accesses,
            _pruning: pruning,
        }
    }
}

impl Mount {
    /// Returns when every access is written down that was counted before, for a process that is about to end;
    /// [`serve`](Self::serve) calls it.
    ///
    /// # Errors
    ///
    /// [`Error::Throttle`] where a throttle could not make it safe: the log of a `CacheDbThrottle` did not take all rows
    /// within 5 seconds.
    pub async fn drain(&self) -> Result<()> {
        let throttles = self.0.upkeep.throttles.iter();
        let drained = join_all(throttles.map(AnyThrottle::drain)).await;
        Ok(drained
            .into_iter()
            .collect::<tastyrs_throttle::Result<()>>()?)
    }

    /// How many calls there were by caller and period, of those that a `CacheDbThrottle` wrote down.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use tastyrs_core::{api::Mount, django::{Period, UsageQuery}};
    ///
    /// # async fn bill(api: &Mount) -> tastyrs_core::Result<()> {
    /// for used in api.usage(UsageQuery::new(Period::Month).identifier("ada")).await? {
    ///     let _line = format!("{}: {} calls", used.start.format("%Y-%m"), used.calls);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where the API has no database, and what the database meets.
    pub async fn usage(&self, query: UsageQuery) -> Result<Vec<Usage>> {
        self.of_accesses(move |accesses| accesses.usage(&query))
            .await
    }

    /// Deletes the accesses that need not be kept, but for those that a throttle still counts, and returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where the API has no database, and what the database meets.
    pub async fn prune(&self, retention: Retention) -> Result<u64> {
        self.of_accesses(move |accesses| accesses.prune(&retention))
            .await
    }

    async fn of_accesses<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Accesses) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let accesses = self.0.upkeep.accesses.clone().ok_or_else(no_database)?;
        tokio::task::spawn_blocking(move || work(&*accesses))
            .await
            .map_err(|_| Error::Panicked("the blocking thread ended".to_owned()))?
    }
}

/// An API without a database writes no access down.
pub(crate) fn no_database() -> Error {
    Error::Configuration("an API without a database has no table of accesses".to_owned())
}
