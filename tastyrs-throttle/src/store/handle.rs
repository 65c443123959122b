//! The store that throttles share.

use std::fmt;
use std::num::NonZero;
use std::sync::{OnceLock, PoisonError};
use std::thread::available_parallelism;

use super::part::{Common, Part};
use super::place::Place;
use super::shard::{Room, Shard};
use super::window::{Scale, Window};
use crate::clock::Clock;
use crate::errors::{Error, Result};
use crate::identifier::Key;
use crate::quota::Quota;
use crate::rate::Limit;
use crate::settings::{Limits, Terms};
use crate::sync::{Arc, AtomicU64, AtomicUsize, Mutex, MutexGuard, Ordering, RwLock};

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
/// It is opaque on purpose: whoever reads a count and writes another loses what others wrote
/// between the two. All that reaches a store is done in one step by a throttle over it, so no
/// update can be lost; a throttle of one's own counts with one of those inside, as
/// [`Throttle`](crate::Throttle#counting-in-a-throttle-of-ones-own) shows.
///
/// An identifier takes 55 to 64 bytes with up to three accesses, 128 with up to eleven, and then at
/// most sixteen more for each; a full one takes five for each.
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
    common: Arc<Common>,
    /// Made when the first key comes, since their number depends on `max_keys`.
    parts: OnceLock<Box<[Arc<Part>]>>,
    max_keys: AtomicUsize,
    clock: OnceLock<Clock>,
    /// What the throttles that share the store ask for: a few, whatever else callers have of their
    /// own. A limit that one of them would meet keeps an identifier from being forgotten.
    limits: RwLock<Vec<Limit>>,
    /// Apart from what every request reads: it is written when keys come and go.
    keys: Aligned<Keys>,
    /// The addresses whose rows were counted.
    counted: Mutex<Vec<String>>,
}

/// On a cache line of its own, so that cores do not take it from one another for a neighbour's
/// sake.
#[repr(align(64))]
struct Aligned<T>(T);

struct Keys {
    held: AtomicUsize,
    evicted: AtomicU64,
}

const MAX_KEYS: usize = 100_000;
/// How many keys a newcomer looks at while there is room.
const LOOKS: usize = 2;
/// How many other shards a newcomer looks into when its own has no key to forget.
const OTHERS: usize = 4;
/// How many different limits of throttles are remembered.
const LIMITS: usize = 64;
/// Where a clock's zero lies, in nanoseconds: accesses from before the start have times, too.
const ORIGIN: u64 = (1 << 30) * 1_000_000_000;

/// Why no place was taken: so many nanoseconds to wait, where that is known.
pub(crate) type Refused = Option<u64>;

impl Store {
    /// Counts nothing yet, and holds up to 100,000 identifiers.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            common: Arc::new(Common::new()),
            parts: OnceLock::new(),
            max_keys: AtomicUsize::new(MAX_KEYS),
            clock: OnceLock::new(),
            limits: RwLock::new(Vec::new()),
            keys: Aligned(Keys {
                held: AtomicUsize::new(0),
                evicted: AtomicU64::new(0),
            }),
            counted: Mutex::new(Vec::new()),
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
        self.0.keys.0.held.load(Ordering::Relaxed)
    }

    /// Says whether no identifier is held now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Says how many identifiers were forgotten while their accesses still counted, because the
    /// store was full. Where it grows, `max_keys` is too small or a flood passes by.
    pub fn evicted(&self) -> u64 {
        self.0.keys.0.evicted.load(Ordering::Relaxed)
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
        let mut known = self
            .0
            .limits
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for limit in limits {
            let is_known = known.iter().any(|other| {
                (other.throttle_at, other.timeframe) == (limit.throttle_at, limit.timeframe)
            });
            if !is_known && known.len() < LIMITS {
                known.push(limit.clone());
            }
        }
        Ok(ours.clone())
    }

    /// Remembers from now on what these limits ask for.
    #[inline]
    pub(crate) fn widen(&self, limits: &[Limit]) {
        self.0.common.widen(limits);
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
        let hash = self.hash(key);
        let mut shard = self.part(hash).1.lock();
        let Some(window) = shard.find(&key, hash).and_then(|slot| shard.window(slot)) else {
            return Ok(());
        };
        window.touch(now, terms.expiration, &self.scale());
        decide(window, now, terms, cost)
    }

    /// Decides and takes `cost` places in one step. `told` is filled with where the identifier
    /// stands, its places included.
    #[inline]
    pub(crate) fn reserve(
        &self,
        key: Key,
        now: u64,
        terms: &Terms<'_>,
        cost: u32,
        told: Option<&mut Vec<Quota>>,
    ) -> Result<Place, Refused> {
        never(terms, cost)?;
        let taken = self.with_window(key, now, |window, scale, is_newest| {
            let at = take(window, now, terms, cost, true, is_newest, scale);
            if let Some(told) = told {
                // What passed is counted already; what did not is told why.
                let cost = if at.is_ok() { 0 } else { cost };
                let quota = |limit| window.quota(now, limit, cost);
                told.extend(terms.limits.iter().map(quota));
            }
            at
        })?;
        let at = taken.result?;
        Ok(Place::new(taken.part, key, at, cost, taken.slot))
    }

    /// Decides and counts for good in one step.
    pub(crate) fn admit(
        &self,
        key: Key,
        now: u64,
        terms: &Terms<'_>,
        cost: u32,
    ) -> Result<(), Refused> {
        never(terms, cost)?;
        self.with_window(key, now, |window, scale, is_newest| {
            take(window, now, terms, cost, false, is_newest, scale).map(drop)
        })?
        .result
    }

    /// The same for what takes one place under the limits of the throttle.
    #[inline]
    pub(crate) fn admit_one(&self, key: Key, now: u64, limits: &Limits) -> Result<(), Refused> {
        let terms = limits.terms();
        never(&terms, 1)?;
        let scale = self.scale();
        let hash = self.hash(key);
        let (number, part) = self.part(hash);
        let mut shard = part.lock();
        let is_newest = shard.is_newest(now);
        let slot = shard.find(&key, hash);
        if let Some(slot) = slot
            && let Some(window) = shard.window(slot)
            && window
                .take_one(now, &terms, false, is_newest, &scale)
                .is_some()
        {
            return Ok(());
        }
        self.admit_by_steps(&mut shard, number, slot, key, now, limits)
    }

    /// Apart, so that what most requests need is a straight line.
    #[inline(never)]
    fn admit_by_steps(
        &self,
        shard: &mut Shard,
        number: usize,
        slot: Option<u32>,
        key: Key,
        now: u64,
        limits: &Limits,
    ) -> Result<(), Refused> {
        let scale = self.scale();
        let slot = match slot {
            Some(slot) => slot,
            None => self.insert(shard, number, key, now, &scale)?,
        };
        let window = shard.window(slot).ok_or(None)?;
        take_by_steps(window, now, &limits.terms(), 1, false, &scale).map(drop)
    }

    /// Counts an access of `at` without asking; says whether there was room for its identifier.
    pub(crate) fn record(&self, key: Key, at: u64, now: u64, terms: &Terms<'_>, cost: u32) -> bool {
        self.with_window(key, now.max(at), |window, scale, _| {
            window.touch(now, terms.expiration, scale);
            // More than the ring holds would only push out one another.
            window.push(at, now, false, cost.min(scale.ring), scale);
            note_own(window, now, terms);
        })
        .is_ok()
    }

    /// Takes `cost` places that another store has admitted; nothing where there is no room.
    #[cfg(feature = "redis")]
    pub(crate) fn take(&self, key: Key, now: u64, terms: &Terms<'_>, cost: u32) -> Option<Place> {
        let taken = self
            .with_window(key, now, |window, scale, _| {
                window.touch(now, terms.expiration, scale);
                let at = window.push(now, now, true, cost, scale);
                note_own(window, now, terms);
                at
            })
            .ok()?;
        Some(Place::new(taken.part, key, taken.result, cost, taken.slot))
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
        self.0.common.longest()
    }

    /// The largest `throttle_at` of the store's throttles.
    #[cfg(feature = "redis")]
    pub(crate) fn ring(&self) -> u32 {
        self.0.common.ring()
    }

    #[inline]
    fn scale(&self) -> Scale {
        self.0.common.scale()
    }

    #[inline]
    fn hash(&self, key: Key) -> u64 {
        self.0.common.hash(key)
    }

    /// The part of a hash, and its number.
    #[inline]
    fn part(&self, hash: u64) -> (usize, &Arc<Part>) {
        let parts = self.parts();
        // Not the bits by which a shard's own table goes.
        let number = (hash >> 32) as usize & (parts.len() - 1);
        (number, &parts[number])
    }

    #[inline]
    fn parts(&self) -> &[Arc<Part>] {
        match self.0.parts.get() {
            Some(parts) => parts,
            None => self.make_parts(),
        }
    }

    #[cold]
    fn make_parts(&self) -> &[Arc<Part>] {
        // Made before, so that under shuttle no thread is changed while others wait for it.
        let count = shards_for(self.0.max_keys.load(Ordering::Relaxed));
        let parts = (0..count)
            .map(|_| Arc::new(Part::new(&self.0.common)))
            .collect();
        self.0.parts.get_or_init(|| parts)
    }

    /// Runs `act` on the window of `key` with its shard locked, and tells it whether nothing there is
    /// newer than `now`; a window that is not there yet is made, if there is room.
    #[inline]
    fn with_window<T>(
        &self,
        key: Key,
        now: u64,
        act: impl FnOnce(&mut Window, &Scale, bool) -> T,
    ) -> Result<Taken<'_, T>, Refused> {
        let scale = self.scale();
        let hash = self.hash(key);
        let (number, part) = self.part(hash);
        let mut shard = part.lock();
        let is_newest = shard.is_newest(now);
        let slot = match shard.find(&key, hash) {
            Some(slot) => slot,
            None => self.insert(&mut shard, number, key, now, &scale)?,
        };
        let window = shard.window(slot).ok_or(None)?;
        Ok(Taken {
            result: act(window, &scale, is_newest),
            part,
            slot,
        })
    }

    /// Makes a window for a key; where there is no room for it, the error says when there may be.
    #[inline(never)]
    fn insert(
        &self,
        shard: &mut Shard,
        number: usize,
        key: Key,
        now: u64,
        scale: &Scale,
    ) -> Result<u32, Refused> {
        let hash = |key| self.hash(key);
        let held = &self.0.keys.0.held;
        if held.fetch_add(1, Ordering::Relaxed) < self.0.max_keys.load(Ordering::Relaxed) {
            let forgotten = shard.forget_void(LOOKS, now, scale.longest, hash);
            held.fetch_sub(forgotten, Ordering::Relaxed);
        } else {
            // One comes and one goes, here or in another shard.
            held.fetch_sub(1, Ordering::Relaxed);
            self.make_room(shard, number, now, scale)?;
        }
        Ok(shard.insert(key, scale, hash))
    }

    /// Forgets one key of this shard, or of another if all that were looked at here must stay.
    fn make_room(
        &self,
        shard: &mut Shard,
        number: usize,
        now: u64,
        scale: &Scale,
    ) -> Result<(), Refused> {
        let limits = self.0.limits.read().unwrap_or_else(PoisonError::into_inner);
        let hash = |key| self.hash(key);
        let mut looked_at = shard.make_room(now, &limits, scale.longest, hash);
        let parts = self.parts();
        let mut others = 0;
        for next in 1..parts.len() {
            if others == OTHERS || !matches!(looked_at, Room::None { .. }) {
                break;
            }
            let next = (number + next) & (parts.len() - 1);
            // One that is busy is passed by: to wait for it with this one locked could be for ever.
            let Some(mut other) = parts[next].try_lock() else {
                continue;
            };
            if !other.is_empty() {
                others += 1;
                looked_at = looked_at.or(other.make_room(now, &limits, scale.longest, hash));
            }
        }
        match looked_at {
            Room::Made { counted } => {
                if counted {
                    self.0.keys.0.evicted.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
            Room::None { soonest } => Err(soonest),
        }
    }
}

/// What came of an act on a window, and where the window is.
struct Taken<'a, T> {
    result: T,
    part: &'a Arc<Part>,
    slot: u32,
}

/// As many shards as keep the cores apart, and each small enough for its table to grow in a
/// fraction of a millisecond; fewer where a shard would hold only a few keys.
fn shards_for(max_keys: usize) -> usize {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let apart = (cores * 8).next_power_of_two();
    let small = (max_keys / 16_384).max(1).next_power_of_two();
    let filled = (max_keys / 256).max(1).next_power_of_two();
    apart.max(small).min(filled).min(1 << 16)
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

/// The time of a clock as a store counts it; it ends after 250 years.
#[inline]
pub(crate) fn now(clock: &Clock) -> u64 {
    ORIGIN + clock.nanos().min(u64::MAX / 2 - ORIGIN)
}

/// Decides and takes `cost` places in one step, and returns the time noted for them.
#[inline]
fn take(
    window: &mut Window,
    now: u64,
    terms: &Terms<'_>,
    cost: u32,
    pending: bool,
    is_newest: bool,
    scale: &Scale,
) -> Result<u64, Refused> {
    if cost == 1
        && !terms.own
        && let Some(at) = window.take_one(now, terms, pending, is_newest, scale)
    {
        return Ok(at);
    }
    take_by_steps(window, now, terms, cost, pending, scale)
}

/// The same where it is not easy, and so apart.
#[inline(never)]
fn take_by_steps(
    window: &mut Window,
    now: u64,
    terms: &Terms<'_>,
    cost: u32,
    pending: bool,
    scale: &Scale,
) -> Result<u64, Refused> {
    window.touch(now, terms.expiration, scale);
    decide(window, now, terms, cost)?;
    let at = window.push(now, now, pending, cost, scale);
    note_own(window, now, terms);
    Ok(at)
}

/// Refuses a request that must wait, and notes whom limits of its own refuse.
fn decide(window: &mut Window, now: u64, terms: &Terms<'_>, cost: u32) -> Result<(), Refused> {
    let Some(wait) = window.longest_wait(now, terms.limits, cost) else {
        return Ok(());
    };
    note_own(window, now, terms);
    Err(Some(wait))
}

/// Notes whom limits of its own turn away: the store knows those of throttles alone.
fn note_own(window: &mut Window, now: u64, terms: &Terms<'_>) {
    if terms.own {
        window.note(now, terms.limits);
    }
}

/// Refuses what would never pass, however long it waited.
#[inline]
pub(crate) fn never(terms: &Terms<'_>, cost: u32) -> Result<(), Refused> {
    if terms.least < cost.max(1) {
        Err(None)
    } else {
        Ok(())
    }
}

#[inline]
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
