//! Where accesses are counted.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::clock::Clock;
use crate::errors::{Error, Result};
use crate::identifier::Key;
use crate::quota::Quota;
use crate::rate::Limit;
use crate::settings::{Terms, nanos};
use crate::window::{Scale, Standing, Window, tick_for};

/// Counts the accesses of many identifiers; a clone is the same store.
///
/// Each throttle has a store of its own unless it is given one. Throttles that were given the
/// same store count together: what an identifier did under one of them counts under the others,
/// each against its own limit and timeframe. A store remembers what the largest `throttle_at` and
/// the longest `timeframe` of its throttles ask for, from the moment that they are bound or first
/// asked.
///
/// A store holds at most [`max_keys`](Self::max_keys) identifiers. When it is full, a few are
/// looked at, and a new one takes the place of one whose accesses no longer count, else of the
/// one with the fewest; one that is turned away now, or has a request under way, keeps its place.
/// Should all be so, the newcomer is turned away until one of them is free. So a flood of
/// identifiers neither frees the one that is limited nor grows memory.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, AnyThrottle, CacheThrottle, Result, Store, Verdict};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let store = Store::new().max_keys(10_000);
/// let notes = AnyThrottle::new(CacheThrottle::new().throttle_at(2).store(store.clone()));
/// let users = AnyThrottle::new(CacheThrottle::new().throttle_at(1).store(store.clone()));
/// let call = Access::new("daniel");
/// notes.accessed(&call).await?;
///
/// assert_eq!(notes.should_be_throttled(&call).await?, Verdict::Allowed);
/// assert_ne!(users.should_be_throttled(&call).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// All `CacheThrottle`s of a Django process share one cache, `throttle.py:3`; give them one store
/// to have the same.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    windows: DashMap<Key, Window>,
    /// Every key once, in the order in which it will be looked at for forgetting. Taken while a
    /// shard of `windows` is locked, so never hold it while locking one.
    hand: Mutex<VecDeque<Key>>,
    held: AtomicUsize,
    max_keys: AtomicUsize,
    limits: RwLock<Vec<Limit>>,
    tick: AtomicU32,
    ring: AtomicU32,
    longest: AtomicU64,
    clock: OnceLock<Clock>,
    /// The addresses whose rows were counted.
    counted: Mutex<Vec<String>>,
}

const MAX_KEYS: usize = 100_000;
/// How many keys a newcomer looks at while there is room.
const LOOKS: usize = 2;
/// How many keys a newcomer looks at, at most, when there is none.
const LOOKS_WHEN_FULL: usize = 64;
/// Of how many keys that still count the one with the fewest accesses is forgotten.
const CANDIDATES: usize = 8;
/// Where a clock's zero lies, in nanoseconds: accesses from before the start have times, too.
const ORIGIN: u64 = (1 << 30) * 1_000_000_000;

/// Why no place was taken: so many nanoseconds to wait, where that is known.
pub(crate) type Refused = Option<u64>;

impl Store {
    /// Counts nothing yet, and holds up to 100,000 identifiers.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            windows: DashMap::new(),
            hand: Mutex::default(),
            held: AtomicUsize::new(0),
            max_keys: AtomicUsize::new(MAX_KEYS),
            limits: RwLock::default(),
            tick: AtomicU32::new(tick_for(0)),
            ring: AtomicU32::new(0),
            longest: AtomicU64::new(0),
            clock: OnceLock::new(),
            counted: Mutex::default(),
        }))
    }

    /// Holds at most so many identifiers, at least 1. A store that holds more already shrinks no
    /// further than newcomers make it.
    #[must_use]
    pub fn max_keys(self, max_keys: usize) -> Self {
        self.0.max_keys.store(max_keys.max(1), Ordering::Relaxed);
        self
    }

    /// Says how many identifiers are held now.
    pub fn len(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Says whether no identifier is held now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets a throttle in, and says by which clock the store goes.
    pub(crate) fn join(&self, limits: &[Limit], clock: Option<&Clock>) -> Result<Clock> {
        let ours = self
            .0
            .clock
            .get_or_init(|| clock.cloned().unwrap_or_default());
        if clock.is_some_and(|theirs| !theirs.is_same(ours)) {
            return Err(Error::ClocksDiffer);
        }
        self.widen(limits);
        Ok(ours.clone())
    }

    /// Remembers from now on what these limits ask for.
    pub(crate) fn widen(&self, limits: &[Limit]) {
        let known = self.0.limits.read().unwrap_or_else(PoisonError::into_inner);
        if limits.iter().all(|limit| known.contains(limit)) {
            return;
        }
        drop(known);
        let mut known = self
            .0
            .limits
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for limit in limits {
            if !known.contains(limit) {
                known.push(limit.clone());
            }
        }
        let longest = known.iter().map(|limit| limit.timeframe).max().unwrap_or(0);
        let ring = known
            .iter()
            .map(|limit| limit.throttle_at)
            .max()
            .unwrap_or(0);
        self.0.tick.store(tick_for(longest), Ordering::Relaxed);
        self.0.longest.store(longest, Ordering::Relaxed);
        self.0.ring.store(ring, Ordering::Relaxed);
    }

    /// Says how long a request must wait, and counts nothing.
    pub(crate) fn wait(
        &self,
        key: Key,
        now: u64,
        terms: &Terms<'_>,
        cost: u32,
    ) -> Result<(), Refused> {
        never(terms, cost)?;
        let Some(mut window) = self.0.windows.get_mut(&key) else {
            return Ok(());
        };
        window.touch(now, terms.expiration);
        window
            .longest_wait(now, terms.limits, cost)
            .map_or(Ok(()), |wait| Err(Some(wait)))
    }

    /// Decides and takes `cost` places in one step; returns the time noted for them. `told` is
    /// filled with where the identifier stands, its places included.
    pub(crate) fn reserve(
        &self,
        key: Key,
        now: u64,
        terms: &Terms<'_>,
        cost: u32,
        told: Option<&mut Vec<Quota>>,
    ) -> Result<u64, Refused> {
        never(terms, cost)?;
        self.with_window(key, now, |window, scale| {
            window.touch(now, terms.expiration);
            let reserved = match window.longest_wait(now, terms.limits, cost) {
                Some(wait) => Err(Some(wait)),
                None => Ok(window.push(now, now, true, cost, scale)),
            };
            if let Some(told) = told {
                // What passed is counted already; what did not is told why.
                let cost = if reserved.is_ok() { 0 } else { cost };
                let quota = |limit| window.quota(now, limit, cost);
                told.extend(terms.limits.iter().map(quota));
            }
            reserved
        })
        .unwrap_or_else(|wait| Err(Some(wait)))
    }

    /// Counts an access of `at` without asking; says whether there was room for its identifier.
    pub(crate) fn record(&self, key: Key, at: u64, now: u64, terms: &Terms<'_>, cost: u32) -> bool {
        self.with_window(key, now, |window, scale| {
            window.touch(now, terms.expiration);
            // More than the ring holds would only push out one another.
            window.push(at, now, false, cost.min(scale.ring), scale);
        })
        .is_ok()
    }

    #[cfg(feature = "redis")]
    /// Takes `cost` places that another store has admitted; nothing where there is no room.
    pub(crate) fn take(&self, key: Key, now: u64, terms: &Terms<'_>, cost: u32) -> Option<Place> {
        self.with_window(key, now, |window, scale| {
            window.touch(now, terms.expiration);
            window.push(now, now, true, cost, scale)
        })
        .ok()
        .map(|at| Place::new(self, key, at, cost))
    }

    /// Takes the addresses whose rows are yet to be counted, and marks them as counted; the
    /// second list holds those that were counted before.
    pub(crate) fn uncounted(&self, addresses: &[String]) -> (Vec<String>, Vec<String>) {
        let mut counted = lock(&self.0.counted);
        let before = counted.clone();
        let mut fresh = Vec::new();
        for address in addresses {
            if !before.iter().any(|prefix| address.starts_with(prefix)) && !fresh.contains(address)
            {
                fresh.push(address.clone());
            }
        }
        counted.extend(fresh.iter().cloned());
        (fresh, before)
    }

    /// Forgets that the rows of these addresses were counted.
    pub(crate) fn recount(&self, addresses: &[String]) {
        lock(&self.0.counted).retain(|prefix| !addresses.contains(prefix));
    }

    /// The longest timeframe of the store's throttles, in nanoseconds.
    pub(crate) fn longest(&self) -> u64 {
        self.0.longest.load(Ordering::Relaxed)
    }

    #[cfg(feature = "redis")]
    /// The largest `throttle_at` of the store's throttles.
    pub(crate) fn ring(&self) -> u32 {
        self.0.ring.load(Ordering::Relaxed)
    }

    fn scale(&self) -> Scale {
        Scale {
            tick: self.0.tick.load(Ordering::Relaxed),
            ring: self.0.ring.load(Ordering::Relaxed),
            longest: self.longest(),
        }
    }

    /// Runs `act` on the window of `key` with its shard locked; a window that is not there yet is
    /// made, if there is room. The error is how long to wait for room, in nanoseconds.
    fn with_window<T>(
        &self,
        key: Key,
        now: u64,
        act: impl FnOnce(&mut Window, &Scale) -> T,
    ) -> Result<T, u64> {
        let scale = self.scale();
        if let Some(mut window) = self.0.windows.get_mut(&key) {
            return Ok(act(&mut window, &scale));
        }
        self.make_room(now)?;
        Ok(match self.0.windows.entry(key) {
            Entry::Occupied(mut window) => act(window.get_mut(), &scale),
            Entry::Vacant(vacant) => {
                let mut window = vacant.insert(Window::new(&scale));
                self.0.held.fetch_add(1, Ordering::Relaxed);
                lock(&self.0.hand).push_back(key);
                act(&mut window, &scale)
            }
        })
    }

    /// Forgets a key or two that no longer count; when the store is full, makes room for one key.
    /// Where there is none to make, the error says after how many nanoseconds there may be.
    fn make_room(&self, now: u64) -> Result<(), u64> {
        let max_keys = self.0.max_keys.load(Ordering::Relaxed);
        let is_full = self.len() >= max_keys;
        let limits = self.0.limits.read().unwrap_or_else(PoisonError::into_inner);
        let mut soonest = u64::MAX;
        let mut spared: Option<(usize, Key)> = None;
        let mut candidates = 0;

        for _ in 0..if is_full { LOOKS_WHEN_FULL } else { LOOKS } {
            let Some(key) = lock(&self.0.hand).pop_front() else {
                break;
            };
            match self.standing(key, now, &limits) {
                Standing::Void => {
                    if self.forget(key, now, &limits, &|standing| standing == Standing::Void)
                        && is_full
                        && self.len() < max_keys
                    {
                        self.look_later(spared);
                        return Ok(());
                    }
                    continue;
                }
                Standing::Counted { hits } if is_full => {
                    candidates += 1;
                    let fewest = spared.is_none_or(|(least, _)| hits < least);
                    let other = if fewest {
                        spared.replace((hits, key))
                    } else {
                        Some((hits, key))
                    };
                    self.look_later(other);
                    if hits <= 1 || candidates == CANDIDATES {
                        break;
                    }
                    continue;
                }
                Standing::Counted { .. } | Standing::InFlight => {}
                Standing::Limited { wait } => soonest = soonest.min(wait),
            }
            self.look_later(Some((0, key)));
        }

        match spared {
            Some((_, key)) => {
                let counted =
                    |standing| matches!(standing, Standing::Void | Standing::Counted { .. });
                self.forget(key, now, &limits, &counted);
                Ok(())
            }
            None if is_full => Err(soonest),
            None => Ok(()),
        }
    }

    fn standing(&self, key: Key, now: u64, limits: &[Limit]) -> Standing {
        let window = self.0.windows.get(&key);
        window.map_or(Standing::Void, |window| {
            window.standing(now, limits, self.longest())
        })
    }

    /// Forgets a key that the hand has let go of, if it still stands as it did; else the hand
    /// takes it up again.
    fn forget(
        &self,
        key: Key,
        now: u64,
        limits: &[Limit],
        still: &dyn Fn(Standing) -> bool,
    ) -> bool {
        let longest = self.longest();
        let stands = |_: &Key, window: &Window| still(window.standing(now, limits, longest));
        if self.0.windows.remove_if(&key, stands).is_some() {
            self.0.held.fetch_sub(1, Ordering::Relaxed);
            return true;
        }
        self.look_later(Some((0, key)));
        false
    }

    fn look_later(&self, key: Option<(usize, Key)>) {
        if let Some((_, key)) = key {
            lock(&self.0.hand).push_back(key);
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Places that a request holds. Dropped, they are given back.
#[derive(Debug)]
pub(crate) struct Place {
    store: Store,
    key: Key,
    at: u64,
    cost: u32,
}

impl Place {
    pub(crate) fn new(store: &Store, key: Key, at: u64, cost: u32) -> Self {
        Self {
            store: store.clone(),
            key,
            at,
            cost,
        }
    }

    /// Makes them count for good; `charged` is how many they are, where it turned out otherwise.
    pub(crate) fn keep(mut self, charged: Option<u32>) {
        let charged = charged.unwrap_or(self.cost);
        if let Some(mut window) = self.store.0.windows.get_mut(&self.key) {
            let scale = self.store.scale();
            window.keep(self.at, self.cost.min(charged), &scale);
            window.release(self.at, self.cost.saturating_sub(charged));
            let more = charged.saturating_sub(self.cost).min(scale.ring);
            if more > 0 {
                window.push(self.at, self.at, false, more, &scale);
            }
        }
        self.cost = 0;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.cost > 0
            && let Some(mut window) = self.store.0.windows.get_mut(&self.key)
        {
            window.release(self.at, self.cost);
        }
    }
}

/// The time of a clock as a store counts it; it ends after 250 years.
pub(crate) fn now(clock: &Clock) -> u64 {
    ORIGIN
        .saturating_add(nanos(clock.monotonic()))
        .min(u64::MAX / 2)
}

/// Refuses what would never pass, however long it waited.
pub(crate) fn never(terms: &Terms<'_>, cost: u32) -> Result<(), Refused> {
    if terms
        .limits
        .iter()
        .any(|limit| limit.throttle_at < cost.max(1))
    {
        Err(None)
    } else {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
