//! What the throttles that count have in common: settings, a clock and a store.

use std::sync::OnceLock;
use std::time::Duration;

use crate::access::Access;
use crate::clock::Clock;
use crate::errors::Result;
use crate::identifier::Key;
use crate::quota::Refusal;
use crate::rate::Rates;
use crate::reservation::{Kind, Ticket};
use crate::settings::{Limits, Settings};
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
    pub(crate) limits: Limits,
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

    /// The rates in words.
    pub(crate) fn describe(&self) -> Option<String> {
        let Joined { limits, .. } = self.joined().ok()?;
        Some(limits.rates.to_string())
    }

    /// Joins the store, once.
    #[inline]
    pub(crate) fn joined(&self) -> Result<&Joined> {
        match self.joined.get() {
            Some(joined) => Ok(joined),
            None => self.join(),
        }
    }

    #[cold]
    fn join(&self) -> Result<&Joined> {
        let limits = self.settings.limits()?;
        let clock = self
            .store
            .join(limits.rates.limits(), self.clock.as_ref())?;
        Ok(self.joined.get_or_init(|| Joined { limits, clock }))
    }

    /// The caller's own limits, where it has any; the store learns of them.
    #[inline]
    pub(crate) fn own(&self, access: &Access<'_>) -> Option<Rates> {
        let rates = self.settings.rates_for.as_ref()?(access)?;
        self.store.widen(rates.limits());
        Some(rates)
    }

    pub(crate) fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        self.should_be_throttled_as(Key::of(access.identifier), access)
    }

    /// The same, of a caller that is counted under this key.
    pub(crate) fn should_be_throttled_as(&self, key: Key, access: &Access<'_>) -> Result<Verdict> {
        let Joined { limits, clock } = self.joined()?;
        let own = self.own(access);
        let terms = limits.with(own.as_ref());
        Ok(
            match self.store.wait(key, now(clock), &terms, access.cost) {
                Ok(()) => Verdict::Allowed,
                Err(refused) => Verdict::Throttled(retry_after(refused)),
            },
        )
    }

    #[inline]
    pub(crate) fn admit(&self, access: &Access<'_>) -> Result<Verdict> {
        let Joined { limits, clock } = self.joined()?;
        let admitted = if access.cost == 1 && self.settings.rates_for.is_none() {
            let key = Key::of(access.identifier);
            self.store.admit_one(key, now(clock), limits)
        } else {
            self.admit_other(access, limits, clock)
        };
        Ok(match admitted {
            Ok(()) => Verdict::Allowed,
            Err(refused) => Verdict::Throttled(retry_after(refused)),
        })
    }

    /// Apart, so that what most requests need is a straight line.
    #[inline(never)]
    fn admit_other(
        &self,
        access: &Access<'_>,
        limits: &Limits,
        clock: &Clock,
    ) -> std::result::Result<(), Refused> {
        let own = self.own(access);
        let terms = limits.with(own.as_ref());
        let key = Key::of(access.identifier);
        self.store.admit(key, now(clock), &terms, access.cost)
    }

    pub(crate) fn accessed(&self, access: &Access<'_>) -> Result<()> {
        self.accessed_as(Key::of(access.identifier), access)
    }

    /// The same, of a caller that is counted under this key.
    pub(crate) fn accessed_as(&self, key: Key, access: &Access<'_>) -> Result<()> {
        let Joined { limits, clock } = self.joined()?;
        let own = self.own(access);
        let terms = limits.with(own.as_ref());
        let now = now(clock);
        if !self.store.record(key, now, now, &terms, access.cost) {
            tracing::warn!("an access was not counted: every identifier in the store is limited");
        }
        Ok(())
    }

    /// Takes a place, of which `kind` makes what the request holds.
    #[inline]
    pub(crate) fn reserve(
        &self,
        access: &Access<'_>,
        kind: impl FnOnce(Place) -> Kind,
    ) -> Result<Admission> {
        self.reserve_as(Key::of(access.identifier), access, kind)
    }

    /// The same, of a caller that is counted under this key.
    #[inline]
    pub(crate) fn reserve_as(
        &self,
        key: Key,
        access: &Access<'_>,
        kind: impl FnOnce(Place) -> Kind,
    ) -> Result<Admission> {
        let Joined { limits, clock } = self.joined()?;
        let own = self.own(access);
        let terms = limits.with(own.as_ref());
        let now = now(clock);
        let mut quotas = Vec::with_capacity(if access.quotas { terms.limits.len() } else { 0 });
        let told = access.quotas.then_some(&mut quotas);
        Ok(
            match self.store.reserve(key, now, &terms, access.cost, told) {
                Ok(place) if !access.quotas => Admission::Admitted(Ticket::of(kind(place))),
                Ok(place) => Admission::Admitted(Ticket::of(kind(place)).quotas(quotas)),
                Err(refused) => {
                    Admission::Refused(Refusal::from(retry_after(refused)).quotas(quotas))
                }
            },
        )
    }
}

fn retry_after(refused: Refused) -> RetryAfter {
    refused.map_or(RetryAfter::Unknown, |wait| {
        RetryAfter::After(Duration::from_nanos(wait))
    })
}
