//! The sliding window of one identifier.
//!
//! A limit of `n` in a window is reached when the `n`-th newest access exists and is younger than
//! the window. So the `n` newest times tell everything, and one look decides. Times are kept in
//! 32 bits: a count of ticks from a base, and one bit for a place that was taken but is not yet
//! known to be kept. Places stand beside the `n` newest kept accesses, not among them, so
//! nothing that still matters is forgotten while a place may yet be given back.
//!
//! A time is rounded up to a tick when it is written and compared with the exact time when it is
//! read: an access counts at most one tick too long, and never too short.

use std::time::Duration;

use crate::quota::Quota;
use crate::rate::Limit;

/// The ticks in the longest window that a store knows, at most.
const SPAN: u64 = 1 << 30;
/// The largest count of ticks that a slot holds.
const LAST: u64 = (1 << 31) - 1;
/// Marks a slot whose place may yet be given back.
const PENDING: u32 = 1;

/// What all windows of a store have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The length of a tick, in nanoseconds: a power of ten from a microsecond to a second.
    pub(crate) tick: u32,
    /// How many kept accesses are remembered: the largest `throttle_at`.
    pub(crate) ring: u32,
    /// The longest timeframe, in nanoseconds.
    pub(crate) longest: u64,
}

/// The finest tick with which the longest window has at most 2^30 ticks: 1 µs up to 17 minutes,
/// 10 µs for an hour, 100 µs for a day. It divides the second, so whole seconds stay exact.
pub(crate) fn tick_for(longest: u64) -> u32 {
    [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
        .into_iter()
        .find(|tick| longest / u64::from(*tick) <= SPAN)
        .unwrap_or(1_000_000_000)
}

/// How an identifier stands when a store looks for one to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing that counts: forgetting it changes no verdict.
    Void,
    /// Some accesses, below every limit.
    Counted { hits: usize },
    /// A request holds a place.
    InFlight,
    /// Turned away now, for so many nanoseconds.
    Limited { wait: u64 },
}

/// The accesses of one identifier, oldest first.
#[derive(Debug)]
pub(crate) struct Window {
    /// The time that slots count from, in ticks.
    base: u64,
    /// When everything is forgotten, in nanoseconds.
    expires: u64,
    tick: u32,
    pending: u32,
    /// The slots in use are `start..end`.
    start: u32,
    end: u32,
    slots: Slots,
}

#[derive(Debug)]
enum Slots {
    Few([u32; 5]),
    Many(Box<[u32]>),
}

impl Slots {
    fn all(&self) -> &[u32] {
        match self {
            Self::Few(slots) => slots,
            Self::Many(slots) => slots,
        }
    }

    fn all_mut(&mut self) -> &mut [u32] {
        match self {
            Self::Few(slots) => slots,
            Self::Many(slots) => slots,
        }
    }
}

impl Window {
    pub(crate) fn new(scale: &Scale) -> Self {
        Self {
            base: 0,
            expires: u64::MAX,
            tick: scale.tick,
            pending: 0,
            start: 0,
            end: 0,
            slots: Slots::Few([0; 5]),
        }
    }

    /// Notes that the identifier was looked at: it is forgotten an `expiration` after the last
    /// look, which may be now. Of several limits that share it the longest decides, so that none
    /// makes the others forget.
    pub(crate) fn touch(&mut self, now: u64, expiration: u64) {
        let until = now.saturating_add(expiration);
        if now >= self.expires {
            self.clear();
            self.expires = until;
        } else if self.expires == u64::MAX {
            self.expires = until;
        } else {
            self.expires = self.expires.max(until);
        }
    }

    /// Says how long a request that takes `cost` places must wait, or `None` if it may pass.
    pub(crate) fn wait(&self, now: u64, limit: &Limit, cost: u32) -> Option<u64> {
        if cost == 0 {
            return None;
        }
        // The newest accesses that may not all be in the window: one more than may stay there.
        let newest = limit.throttle_at.checked_sub(cost)?.checked_add(1)?;
        let hits = self.hits();
        let nth_newest = hits.len().checked_sub(to_usize(newest))?;
        let free_at = self.time(*hits.get(nth_newest)?) + limit.timeframe;
        (free_at > now).then(|| (free_at - now).min(limit.timeframe))
    }

    /// Remembers an access of `at`, kept or not, and returns the time that was noted for it.
    pub(crate) fn push(
        &mut self,
        at: u64,
        now: u64,
        pending: bool,
        cost: u32,
        scale: &Scale,
    ) -> u64 {
        self.coarsen(scale.tick);
        self.weed(now, scale);
        let mut noted = at;
        for _ in 0..cost {
            noted = self.push_one(at, pending, scale);
        }
        noted
    }

    /// Makes the places taken at `at` count for good.
    pub(crate) fn keep(&mut self, at: u64, cost: u32, scale: &Scale) {
        for _ in 0..cost {
            let Some(index) = self.find_pending(at) else {
                return;
            };
            self.slots.all_mut()[index] &= !PENDING;
            self.pending -= 1;
            if self.kept() > to_usize(scale.ring) {
                self.drop_oldest_kept();
            }
        }
    }

    /// Gives the places taken at `at` back.
    pub(crate) fn release(&mut self, at: u64, cost: u32) {
        for _ in 0..cost {
            let Some(index) = self.find_pending(at) else {
                return;
            };
            let end = to_usize(self.end);
            self.slots.all_mut().copy_within(index + 1..end, index);
            self.end -= 1;
            self.pending -= 1;
        }
    }

    /// The longest of the waits under several limits, or `None` if the request may pass.
    pub(crate) fn longest_wait(&self, now: u64, limits: &[Limit], cost: u32) -> Option<u64> {
        limits
            .iter()
            .filter_map(|limit| self.wait(now, limit, cost))
            .max()
    }

    /// Where the identifier stands with a limit, as a request of `cost` found it.
    pub(crate) fn quota(&self, now: u64, limit: &Limit, cost: u32) -> Quota {
        let hits = self.hits();
        let first = hits.partition_point(|slot| self.time(*slot) + limit.timeframe <= now);
        let in_window = hits.len() - first;
        let wait = self.wait(now, limit, cost);
        let reset = wait.or_else(|| {
            let oldest = hits.get(first)?;
            Some((self.time(*oldest) + limit.timeframe - now).min(limit.timeframe))
        });
        let mut quota = Quota::new(limit.name.clone(), limit.throttle_at.into());
        quota.remaining = u64::from(limit.throttle_at).saturating_sub(in_window as u64);
        quota.window = Some(Duration::from_nanos(limit.timeframe));
        quota.reset = reset.map(Duration::from_nanos);
        quota.violated = wait.is_some();
        quota
    }

    pub(crate) fn standing(&self, now: u64, limits: &[Limit], longest: u64) -> Standing {
        let Some(newest) = self.hits().last() else {
            return Standing::Void;
        };
        if now >= self.expires || self.time(*newest) + longest <= now {
            return Standing::Void;
        }
        match self.longest_wait(now, limits, 1) {
            Some(wait) => Standing::Limited { wait },
            None if self.pending > 0 => Standing::InFlight,
            None => Standing::Counted {
                hits: self.hits().len(),
            },
        }
    }

    fn hits(&self) -> &[u32] {
        &self.slots.all()[to_usize(self.start)..to_usize(self.end)]
    }

    fn hits_mut(&mut self) -> &mut [u32] {
        &mut self.slots.all_mut()[to_usize(self.start)..to_usize(self.end)]
    }

    fn kept(&self) -> usize {
        self.hits().len() - to_usize(self.pending)
    }

    fn time(&self, slot: u32) -> u64 {
        (self.base + u64::from(slot >> 1)) * u64::from(self.tick)
    }

    fn clear(&mut self) {
        (self.start, self.end, self.pending) = (0, 0, 0);
    }

    /// Forgets what no limit asks for any more.
    fn weed(&mut self, now: u64, scale: &Scale) {
        while let Some(oldest) = self.hits().first().copied() {
            if self.time(oldest) + scale.longest > now {
                return;
            }
            self.start += 1;
            self.pending -= oldest & PENDING;
        }
        self.clear();
    }

    fn push_one(&mut self, at: u64, pending: bool, scale: &Scale) -> u64 {
        let ticks = at.div_ceil(u64::from(self.tick));
        if self.hits().is_empty() {
            self.base = ticks.saturating_sub(SPAN);
        } else if ticks > self.base + LAST {
            self.move_base(ticks - SPAN);
        }
        let offset = ticks.saturating_sub(self.base);
        let noted = (self.base + offset) * u64::from(self.tick);
        let slot = to_slot(offset) | u32::from(pending);

        if !pending && self.kept() >= to_usize(scale.ring) {
            let is_oldest = self.hits().iter().find(|slot| **slot & PENDING == 0);
            if is_oldest.is_none_or(|oldest| slot <= *oldest) {
                return noted;
            }
            self.drop_oldest_kept();
        }
        self.make_room(scale);
        let index = to_usize(self.start) + self.hits().partition_point(|other| *other <= slot);
        let end = to_usize(self.end);
        let slots = self.slots.all_mut();
        slots.copy_within(index..end, index + 1);
        slots[index] = slot;
        self.end += 1;
        self.pending += u32::from(pending);
        noted
    }

    /// Counts from a later base. What is older than it is out of every window.
    fn move_base(&mut self, base: u64) {
        let by = base - self.base;
        for slot in self.hits_mut() {
            *slot = to_slot(u64::from(*slot >> 1).saturating_sub(by)) | (*slot & PENDING);
        }
        self.base = base;
    }

    /// Adopts a longer tick, after a throttle with a longer window joined the store.
    fn coarsen(&mut self, tick: u32) {
        if tick <= self.tick {
            return;
        }
        let (base, old, new) = (self.base, u64::from(self.tick), u64::from(tick));
        self.base = base * old / new;
        self.tick = tick;
        let moved = self.base;
        let hits = self.hits_mut();
        for slot in &mut *hits {
            let ticks = ((base + u64::from(*slot >> 1)) * old).div_ceil(new);
            *slot = to_slot(ticks - moved) | (*slot & PENDING);
        }
        hits.sort_unstable();
    }

    /// Finds a place taken at `at`. Places of one moment are alike: any of them will do.
    fn find_pending(&self, at: u64) -> Option<usize> {
        let offset = at.div_ceil(u64::from(self.tick)).checked_sub(self.base)?;
        if offset > LAST {
            return None;
        }
        let slot = to_slot(offset) | PENDING;
        let index = self.hits().partition_point(|other| *other < slot);
        (self.hits().get(index) == Some(&slot)).then(|| to_usize(self.start) + index)
    }

    fn drop_oldest_kept(&mut self) {
        let start = to_usize(self.start);
        if let Some(index) = self.hits().iter().position(|slot| slot & PENDING == 0) {
            self.slots
                .all_mut()
                .copy_within(start..start + index, start + 1);
            self.start += 1;
        }
    }

    /// Makes room for one slot at the end: by moving all to the front where enough is free
    /// there, so that a slot is moved a few times in its life and not at every push.
    fn make_room(&mut self, scale: &Scale) {
        let (start, end) = (to_usize(self.start), to_usize(self.end));
        let capacity = self.slots.all().len();
        if end < capacity {
            return;
        }
        let length = end - start;
        if start >= (capacity / 8).max(1) {
            self.slots.all_mut().copy_within(start..end, 0);
        } else {
            let most = length.max(to_usize(scale.ring));
            let wanted = (capacity * 2).min(most + most / 4 + 4);
            let mut slots = vec![0; wanted].into_boxed_slice();
            slots[..length].copy_from_slice(self.hits());
            self.slots = Slots::Many(slots);
        }
        self.start = 0;
        self.end = to_u32(length);
    }
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn to_slot(offset: u64) -> u32 {
    u32::try_from(offset.min(LAST)).map_or(u32::MAX - PENDING, |offset| offset << 1)
}
