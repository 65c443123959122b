//! Who is known to be limited, and need not ask again.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use foldhash::fast::RandomState;

use crate::access::Access;
use crate::identifier::Key;
use crate::quota::{Quota, Refusal};
use crate::rate::Rates;
use crate::settings::nanos;
use crate::verdict::RetryAfter;

/// How many are remembered, at most.
const KNOWN: usize = 32_768;
/// After how many nanoseconds a refusal is asked about again, at first; then it takes twice as
/// long each time. Another machine may have given a place back meanwhile.
const AGAIN: u64 = 1_000_000_000;

/// The refusals of a throttle that still hold, as this process knows them.
#[derive(Debug)]
pub(super) struct Refusals {
    known: DashMap<Key, Known, RandomState>,
    /// Those that are known, oldest first, and some that were.
    order: Mutex<VecDeque<Key>>,
    /// How often a place was given back, by the keys' numbers.
    freed: [AtomicU64; 256],
}

/// One refusal. Times are in nanoseconds of the throttle's clock.
#[derive(Debug)]
struct Known {
    since: u64,
    told_at: u64,
    until: u64,
    ask_at: u64,
    cost: u32,
    rates: Rates,
    quotas: Vec<Quota>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            known: DashMap::default(),
            order: Mutex::default(),
            freed: [const { AtomicU64::new(0) }; 256],
        }
    }
}

impl Refusals {
    /// The refusal of a request that is known to be over the limit.
    pub(super) fn of(
        &self,
        key: Key,
        access: &Access<'_>,
        rates: &Rates,
        now: u64,
    ) -> Option<Refusal> {
        let known = self.known.get(&key)?;
        if now >= known.until.min(known.ask_at)
            || known.cost != access.cost
            || known.rates != *rates
        {
            return None;
        }
        let wait = RetryAfter::After(Duration::from_nanos(known.until - now));
        let refusal = Refusal::from(wait);
        if !access.quotas {
            return Some(refusal);
        }
        Some(refusal.quotas(known.quotas_at(now)?))
    }

    /// A number that changes whenever a place of `key` is given back.
    pub(super) fn freed(&self, key: Key) -> u64 {
        self.freed[usize::from(key.number())].load(Ordering::Acquire)
    }

    /// Remembers a refusal that Redis told just now, unless a place was given back since it was
    /// asked, when `freed` was read. `expiration` is how long Redis remembers the identifier.
    #[expect(clippy::too_many_arguments, reason = "all of it is the refusal")]
    pub(super) fn remember(
        &self,
        key: Key,
        access: &Access<'_>,
        rates: &Rates,
        wait: Duration,
        quotas: &[Quota],
        expiration: u64,
        now: u64,
        freed: u64,
    ) {
        let wait = nanos(wait);
        let mut is_new = true;
        let mut since = now;
        if let Some(known) = self.known.get(&key) {
            is_new = false;
            if now < known.until {
                since = known.since;
            }
        }
        // Another thread may have read the clock later, and been told sooner.
        let held = now.saturating_sub(since);
        let mut ask_at = now.saturating_add(held.max(AGAIN));
        if expiration < wait {
            // Redis forgets whom nobody asks about.
            ask_at = ask_at.min(now.saturating_add(expiration / 2));
        }
        let known = Known {
            since,
            told_at: now,
            until: now.saturating_add(wait),
            ask_at,
            cost: access.cost,
            rates: rates.clone(),
            quotas: quotas.to_vec(),
        };
        self.known.insert(key, known);
        if is_new {
            let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            order.push_back(key);
            let oldest = if order.len() > KNOWN {
                order.pop_front()
            } else {
                None
            };
            drop(order);
            if let Some(oldest) = oldest {
                self.known.remove(&oldest);
            }
        }
        if self.freed(key) != freed {
            self.known.remove(&key);
        }
    }

    /// Forgets a refusal, because places were given back or added.
    pub(super) fn free(&self, key: Key) {
        self.freed[usize::from(key.number())].fetch_add(1, Ordering::AcqRel);
        self.known.remove(&key);
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

impl Known {
    /// Where the caller stands now, as long as nothing can have changed but the time.
    fn quotas_at(&self, now: u64) -> Option<Vec<Quota>> {
        // Places may become free one by one before there are enough for a dearer request.
        if self.quotas.is_empty() || self.cost > 1 {
            return None;
        }
        let passed = Duration::from_nanos(now.saturating_sub(self.told_at));
        self.quotas
            .iter()
            .cloned()
            .map(|mut quota| {
                if let Some(reset) = quota.reset {
                    quota.reset = Some(reset.checked_sub(passed).filter(|left| !left.is_zero())?);
                }
                Some(quota)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rates() -> Rates {
        Rates::new(["1/m"]).unwrap()
    }

    fn remember(refusals: &Refusals, identifier: &str, now: u64) {
        let wait = Duration::from_secs(60);
        let key = Key::of(identifier);
        let freed = refusals.freed(key);
        let access = Access::new(identifier);
        refusals.remember(key, &access, &rates(), wait, &[], u64::MAX, now, freed);
    }

    #[test]
    fn a_flood_of_limited_callers_is_not_remembered_without_end() {
        let refusals = Refusals::default();

        for caller in 0..2 * KNOWN {
            remember(&refusals, &format!("caller {caller}"), 0);
        }

        assert_eq!(refusals.len(), KNOWN);
        let last = format!("caller {}", 2 * KNOWN - 1);
        let known = refusals.of(Key::of(&last), &Access::new(&last), &rates(), 0);
        assert!(known.is_some());
    }

    #[test]
    fn one_caller_who_comes_and_goes_does_not_push_out_the_others() {
        let refusals = Refusals::default();
        remember(&refusals, "steady", 0);

        for _ in 0..2 * KNOWN {
            remember(&refusals, "restless", 0);
        }

        let key = Key::of("steady");
        assert!(
            refusals
                .of(key, &Access::new("steady"), &rates(), 0)
                .is_some()
        );
    }

    #[test]
    fn a_refusal_is_asked_about_after_one_second_then_two_then_four() {
        let refusals = Refusals::default();
        let (key, access) = (Key::of("daniel"), Access::new("daniel"));
        let mut asked = Vec::new();

        for now in 0..20 {
            let now = now * SECOND;
            if refusals.of(key, &access, &rates(), now).is_none() {
                asked.push(now / SECOND);
                remember(&refusals, "daniel", now);
            }
        }

        assert_eq!(asked, [0, 1, 2, 4, 8, 16]);
    }

    #[test]
    fn a_refusal_that_was_told_out_of_turn_is_remembered_like_others() {
        let refusals = Refusals::default();
        let (key, access) = (Key::of("daniel"), Access::new("daniel"));

        remember(&refusals, "daniel", 5 * SECOND);
        remember(&refusals, "daniel", 4 * SECOND);

        assert!(refusals.of(key, &access, &rates(), 4 * SECOND).is_some());
        assert_eq!(refusals.of(key, &access, &rates(), 5 * SECOND), None);
    }

    #[test]
    fn a_refusal_that_was_asked_for_before_a_place_was_given_back_is_not_remembered() {
        let refusals = Refusals::default();
        let (key, access) = (Key::of("daniel"), Access::new("daniel"));
        let freed = refusals.freed(key);

        refusals.free(key);
        let wait = Duration::from_secs(60);
        refusals.remember(key, &access, &rates(), wait, &[], u64::MAX, 0, freed);

        assert_eq!(refusals.of(key, &access, &rates(), 0), None);
    }
}
