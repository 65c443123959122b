//! What the throttles that count have in common: settings, a clock and a store.

use std::sync::OnceLock;
use std::time::Duration;

use crate::access::Access;
use crate::clock::Clock;
use crate::errors::Result;
use crate::identifier::Key;
use crate::settings::{Limit, Settings};
use crate::store::{Place, Refused, Store, now};
use crate::throttle::Admission;
use crate::verdict::{RetryAfter, Verdict};

#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    settings: Settings,
    clock: Option<Clock>,
    store: Store,
    /// Set when the throttle is bound or first asked; no setter is called after that, since
    /// setters take the throttle by value and begin anew.
    joined: OnceLock<Joined>,
}

#[derive(Clone, Debug)]
pub(crate) struct Joined {
    pub(crate) limit: Limit,
    pub(crate) clock: Clock,
}

impl Counter {
    pub(crate) fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.settings;
        change(&mut settings);
        Self {
            settings,
            joined: OnceLock::new(),
            ..self
        }
    }

    pub(crate) fn clock(self, clock: Clock) -> Self {
        Self {
            clock: Some(clock),
            joined: OnceLock::new(),
            ..self
        }
    }

    pub(crate) fn with_store(self, store: Store) -> Self {
        Self {
            store,
            joined: OnceLock::new(),
            ..self
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Joins the store, once.
    pub(crate) fn joined(&self) -> Result<&Joined> {
        if let Some(joined) = self.joined.get() {
            return Ok(joined);
        }
        let limit = self.settings.limit()?;
        let clock = self.store.join(limit, self.clock.as_ref())?;
        Ok(self.joined.get_or_init(|| Joined { limit, clock }))
    }

    pub(crate) fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        let Joined { limit, clock } = self.joined()?;
        let decided = self
            .store
            .wait(Key::of(access.identifier), now(clock), limit, access.cost);
        Ok(match decided {
            Ok(()) => Verdict::Allowed,
            Err(refused) => Verdict::Throttled(retry_after(refused)),
        })
    }

    pub(crate) fn accessed(&self, access: &Access<'_>) -> Result<()> {
        let Joined { limit, clock } = self.joined()?;
        let now = now(clock);
        if !self
            .store
            .record(Key::of(access.identifier), now, now, limit, access.cost)
        {
            tracing::warn!("an access was not counted: every identifier in the store is limited");
        }
        Ok(())
    }

    pub(crate) fn reserve(&self, access: &Access<'_>) -> Result<Admission<Place>> {
        let Joined { limit, clock } = self.joined()?;
        let key = Key::of(access.identifier);
        Ok(
            match self.store.reserve(key, now(clock), limit, access.cost) {
                Ok(at) => Admission::Admitted(Place::new(&self.store, key, at, access.cost)),
                Err(refused) => Admission::Refused(retry_after(refused)),
            },
        )
    }
}

fn retry_after(refused: Refused) -> RetryAfter {
    refused.map_or(RetryAfter::Unknown, |wait| {
        RetryAfter::After(Duration::from_nanos(wait))
    })
}
