//! A shard with its lock, and what all shards of a store are told.

use std::hash::BuildHasher;
use std::sync::PoisonError;

use super::shard::Shard;
use super::tick::Tick;
use super::window::Scale;
use crate::identifier::Key;
use crate::rate::Limit;
use crate::sync::{Arc, AtomicU8, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, TryLockError};

/// On cache lines of its own, so that cores do not take it from one another for a neighbour's
/// sake.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Part {
    shard: Mutex<Shard>,
    common: Arc<Common>,
}

impl Part {
    pub(super) fn new(common: &Arc<Common>) -> Self {
        Self {
            shard: Mutex::new(Shard::new()),
            common: Arc::clone(common),
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Shard> {
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shard, unless somebody has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Shard>> {
        match self.shard.try_lock() {
            Ok(shard) => Some(shard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    #[inline]
    pub(super) fn scale(&self) -> Scale {
        self.common.scale()
    }

    #[inline]
    pub(super) fn hash(&self, key: Key) -> u64 {
        self.common.hash(key)
    }
}

/// How keys are hashed, and what the throttles of the store ask for.
#[derive(Debug)]
pub(super) struct Common {
    hasher: RandomState,
    tick: AtomicU8,
    ring: AtomicU32,
    longest: AtomicU64,
}

#[cfg(not(shuttle))]
type RandomState = foldhash::fast::RandomState;
/// The same at each run, so that a schedule that failed can be tried again.
#[cfg(shuttle)]
type RandomState = foldhash::fast::FixedState;

impl Common {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::default(),
            tick: AtomicU8::new(Tick::for_window(0).index()),
            ring: AtomicU32::new(0),
            longest: AtomicU64::new(0),
        }
    }

    /// Remembers from now on what these limits ask for.
    #[inline]
    pub(super) fn widen(&self, limits: &[Limit]) {
        for limit in limits {
            if limit.throttle_at > self.ring() {
                self.ring.fetch_max(limit.throttle_at, Ordering::Relaxed);
            }
            if limit.timeframe > self.longest() {
                // The tick first: who sees the longer window must not count it in shorter ticks.
                let tick = Tick::for_window(limit.timeframe).index();
                self.tick.fetch_max(tick, Ordering::Relaxed);
                self.longest.fetch_max(limit.timeframe, Ordering::Release);
            }
        }
    }

    /// The longest timeframe of the store's throttles, in nanoseconds.
    #[inline]
    pub(super) fn longest(&self) -> u64 {
        self.longest.load(Ordering::Acquire)
    }

    /// The largest `throttle_at` of the store's throttles.
    #[inline]
    pub(super) fn ring(&self) -> u32 {
        self.ring.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn scale(&self) -> Scale {
        let longest = self.longest();
        Scale {
            tick: Tick::of_index(self.tick.load(Ordering::Relaxed)),
            ring: self.ring(),
            longest,
        }
    }

    #[inline]
    pub(super) fn hash(&self, key: Key) -> u64 {
        self.hasher.hash_one(key)
    }
}
