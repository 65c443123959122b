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

use super::ring::{NEVER, Ring};
use super::tick::{Base, SPAN, Tick};
use crate::quota::Quota;
use crate::rate::Limit;
use crate::settings::Terms;

/// The largest count of ticks that a slot holds.
const LAST: u64 = (1 << 31) - 2;
/// Marks a slot whose place may yet be given back.
pub(super) const PENDING: u32 = 1;
/// A slot without an access; it sorts behind all others.
const UNUSED: u32 = u32::MAX;
/// How many accesses stand in the window itself.
const FEW: usize = 3;

/// What all windows of a store have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) tick: Tick,
    /// How many kept accesses are remembered: the largest `throttle_at`.
    pub(super) ring: u32,
    /// The longest timeframe, in nanoseconds.
    pub(super) longest: u64,
}

/// How an identifier stands when a store looks for one to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
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
pub(super) struct Window(Hits);

/// In 24 bytes either way.
#[derive(Debug)]
enum Hits {
    Few {
        base: Base,
        slots: [u32; FEW],
    },
    /// More than a few, or what expires before it has left the longest window, or the accesses of
    /// whom limits of its own turned away.
    Many(Ring),
}

impl Window {
    pub(super) fn new(scale: &Scale) -> Self {
        Self(Hits::Few {
            base: Base::floor(0, scale.tick),
            slots: [UNUSED; FEW],
        })
    }

    #[inline]
    fn base(&self) -> Base {
        match &self.0 {
            Hits::Few { base, .. } => *base,
            Hits::Many(ring) => ring.base,
        }
    }

    fn set_base(&mut self, to: Base) {
        match &mut self.0 {
            Hits::Few { base, .. } => *base = to,
            Hits::Many(ring) => ring.base = to,
        }
    }

    /// Until when its own limits turn the identifier away, in ticks from the base; 0 where they
    /// do not.
    fn limited(&self) -> u32 {
        match &self.0 {
            Hits::Few { .. } => 0,
            Hits::Many(ring) => ring.limited(),
        }
    }

    fn set_limited(&mut self, until: u32) {
        match &mut self.0 {
            Hits::Many(ring) => ring.set_limited(until),
            Hits::Few { .. } if until == 0 => {}
            Hits::Few { base, slots } => {
                let mut ring = Ring::of(&slots[..used(slots)], *base);
                ring.set_limited(until);
                self.0 = Hits::Many(ring);
            }
        }
    }

    /// Notes that the identifier was looked at: it is forgotten an `expiration` after the last
    /// look, which may be now. Of several limits that share it the longest decides, so that none
    /// makes the others forget; one that is no shorter than the longest window decides nothing,
    /// since every access leaves by its age before.
    #[inline]
    pub(super) fn touch(&mut self, now: u64, expiration: u64, scale: &Scale) {
        match &self.0 {
            Hits::Few { .. } if expiration >= scale.longest => {}
            _ => self.expire(now, expiration, scale),
        }
    }

    fn expire(&mut self, now: u64, expiration: u64, scale: &Scale) {
        if let Hits::Many(ring) = &mut self.0
            && now >= ring.expires()
        {
            ring.clear();
        }
        let is_empty = self.hits().is_empty();
        let until = if expiration >= scale.longest {
            NEVER
        } else {
            now.saturating_add(expiration)
        };
        match &mut self.0 {
            Hits::Many(ring) if is_empty => ring.set_expires(until),
            Hits::Many(ring) => ring.set_expires(ring.expires().max(until)),
            Hits::Few { base, .. } if is_empty && until != NEVER => {
                let mut ring = Ring::of(&[], *base);
                ring.set_expires(until);
                self.0 = Hits::Many(ring);
            }
            Hits::Few { .. } => {}
        }
    }

    /// Says how long a request that takes `cost` places must wait, or `None` if it may pass.
    #[inline]
    fn wait(&self, now: u64, limit: &Limit, cost: u32) -> Option<u64> {
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

    /// The longest of the waits under several limits, or `None` if the request may pass.
    #[inline]
    pub(super) fn longest_wait(&self, now: u64, limits: &[Limit], cost: u32) -> Option<u64> {
        limits
            .iter()
            .filter_map(|limit| self.wait(now, limit, cost))
            .max()
    }

    /// Notes until when limits that are the identifier's own turn it away.
    pub(super) fn note(&mut self, now: u64, limits: &[Limit]) {
        if let Some(wait) = self.longest_wait(now, limits, 1) {
            let base = self.base();
            let until = base.tick().ceil(now + wait);
            let offset = to_u32_ticks(until.saturating_sub(base.ticks()));
            self.set_limited(self.limited().max(offset));
        }
    }

    /// Decides and counts an access of now that takes one place, where that is easy: nothing is
    /// to be forgotten, and it is below every limit. It changes nothing where it is not, and then
    /// [`touch`](Self::touch), [`longest_wait`](Self::longest_wait) and [`push`](Self::push) do
    /// the same step by step. `is_newest` says that nothing here is newer than now, where that is
    /// known.
    #[expect(
        clippy::inline_always,
        reason = "a call with its arguments takes a twentieth of a decision"
    )]
    #[inline(always)]
    pub(super) fn take_one(
        &mut self,
        now: u64,
        terms: &Terms<'_>,
        pending: bool,
        is_newest: bool,
        scale: &Scale,
    ) -> Option<u64> {
        if terms.expiration < scale.longest {
            return None;
        }
        let ticks = scale.tick.ceil(now);
        let base = self.base();
        let offset = ticks.checked_sub(base.ticks())?;
        if offset > LAST || base.tick() != scale.tick {
            return None;
        }
        let offset = to_offset(offset);
        let slot = offset << 1 | u32::from(pending);
        match &mut self.0 {
            Hits::Few { slots, .. } => {
                let used = used(slots);
                if used == 0
                    || used == FEW
                    || slots[used - 1] > slot
                    || to_usize(terms.least) <= used
                {
                    return None;
                }
                slots[used] = slot;
            }
            Hits::Many(ring) => {
                ring.take_one(slot, is_newest, terms.least, scale.ring, |slots| {
                    terms.limits.iter().all(|limit| {
                        let nth_newest = slots.len().checked_sub(to_usize(limit.throttle_at));
                        nth_newest.is_none_or(|index| {
                            slots
                                .get(index)
                                .is_some_and(|slot| base.plus(*slot >> 1) + limit.timeframe <= now)
                        })
                    })
                })?;
            }
        }
        Some(base.plus(offset))
    }

    /// Makes the place taken at `at` count for good, where it is the newest and a lone one; says
    /// whether it was.
    #[inline]
    pub(super) fn keep_one(&mut self, at: u64, scale: &Scale) -> bool {
        let base = self.base();
        let offset = base.tick().ceil(at).wrapping_sub(base.ticks());
        if offset > LAST {
            return false;
        }
        let slot = to_offset(offset) << 1 | PENDING;
        match &mut self.0 {
            Hits::Few { slots, .. } => match used(slots) {
                used @ 1.. if to_usize(scale.ring) >= FEW && slots[used - 1] == slot => {
                    if used > 1 && slots[used - 2] == slot {
                        return false;
                    }
                    slots[used - 1] = slot & !PENDING;
                    true
                }
                _ => false,
            },
            Hits::Many(ring) => ring.keep_newest(slot, scale.ring),
        }
    }

    /// Remembers an access of `at`, kept or not, and returns the time that was noted for it.
    #[inline]
    pub(super) fn push(
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
    pub(super) fn keep(&mut self, at: u64, cost: u32, scale: &Scale) {
        for _ in 0..cost {
            let Some(index) = self.find_pending(at) else {
                return;
            };
            match &mut self.0 {
                Hits::Few { slots, .. } => slots[index] &= !PENDING,
                Hits::Many(ring) => ring.keep(index),
            }
            if self.kept() > to_usize(scale.ring) {
                self.drop_oldest_kept();
            }
        }
    }

    /// Gives the places taken at `at` back.
    pub(super) fn release(&mut self, at: u64, cost: u32) {
        for _ in 0..cost {
            let Some(index) = self.find_pending(at) else {
                return;
            };
            self.remove(index);
        }
        if self.hits().is_empty() {
            self.clear();
        }
    }

    /// Where the identifier stands with a limit, as a request of `cost` found it.
    pub(super) fn quota(&self, now: u64, limit: &Limit, cost: u32) -> Quota {
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

    /// Says whether nothing is held that any limit asks for.
    pub(super) fn is_void(&self, now: u64, longest: u64) -> bool {
        let has_expired = matches!(&self.0, Hits::Many(ring) if now >= ring.expires());
        let newest = self.hits().last();
        has_expired || newest.is_none_or(|newest| self.time(*newest) + longest <= now)
    }

    pub(super) fn standing(&self, now: u64, limits: &[Limit], longest: u64) -> Standing {
        if self.is_void(now, longest) {
            return Standing::Void;
        }
        let own = self.base().plus(self.limited()).saturating_sub(now);
        let wait = self.longest_wait(now, limits, 1).unwrap_or(0).max(own);
        if wait > 0 {
            Standing::Limited { wait }
        } else if self.pending() > 0 {
            Standing::InFlight
        } else {
            Standing::Counted {
                hits: self.hits().len(),
            }
        }
    }

    #[inline]
    fn hits(&self) -> &[u32] {
        match &self.0 {
            Hits::Few { slots, .. } => &slots[..used(slots)],
            Hits::Many(ring) => ring.slots(),
        }
    }

    fn hits_mut(&mut self) -> &mut [u32] {
        match &mut self.0 {
            Hits::Few { slots, .. } => {
                let used = used(slots);
                &mut slots[..used]
            }
            Hits::Many(ring) => ring.slots_mut(),
        }
    }

    fn pending(&self) -> u32 {
        match &self.0 {
            Hits::Few { .. } => self.hits().iter().map(|slot| slot & PENDING).sum(),
            Hits::Many(ring) => ring.pending(),
        }
    }

    fn kept(&self) -> usize {
        self.hits().len() - to_usize(self.pending())
    }

    #[inline]
    fn time(&self, slot: u32) -> u64 {
        self.base().plus(slot >> 1)
    }

    /// Forgets all accesses, and gives their memory back unless it must be known when they expire.
    fn clear(&mut self) {
        let base = self.base();
        match &mut self.0 {
            Hits::Many(ring) if ring.expires() != NEVER => ring.clear(),
            hits => {
                *hits = Hits::Few {
                    base,
                    slots: [UNUSED; FEW],
                }
            }
        }
    }

    /// Forgets what no limit asks for any more.
    #[inline]
    fn weed(&mut self, now: u64, scale: &Scale) {
        let Some(mut oldest) = self.hits().first().copied() else {
            return;
        };
        while self.time(oldest) + scale.longest <= now {
            self.remove(0);
            match self.hits().first() {
                Some(next) => oldest = *next,
                None => return self.clear(),
            }
        }
    }

    #[inline]
    fn push_one(&mut self, at: u64, pending: bool, scale: &Scale) -> u64 {
        let tick = self.base().tick();
        let ticks = tick.ceil(at);
        if self.hits().is_empty() {
            self.set_base(Base::floor(ticks.saturating_sub(SPAN), tick));
        } else if ticks > self.base().ticks() + LAST {
            self.move_base(ticks - SPAN);
        }
        let base = self.base();
        let offset = to_offset(ticks.saturating_sub(base.ticks()));
        let noted = base.plus(offset);
        let slot = offset << 1 | u32::from(pending);

        if !pending && self.hits().len() >= to_usize(scale.ring) && self.is_full(slot, scale.ring) {
            return noted;
        }
        self.insert(slot, scale.ring);
        noted
    }

    /// Makes room in the ring for an access that is kept; says whether it is older than all that
    /// are there, and so has no place.
    fn is_full(&mut self, slot: u32, ring: u32) -> bool {
        if self.kept() < to_usize(ring) {
            return false;
        }
        let is_oldest = self.hits().iter().find(|slot| **slot & PENDING == 0);
        if is_oldest.is_none_or(|oldest| slot <= *oldest) {
            return true;
        }
        self.drop_oldest_kept();
        false
    }

    #[inline]
    fn insert(&mut self, slot: u32, most: u32) {
        match &mut self.0 {
            Hits::Few { base, slots } => {
                let used = used(slots);
                if used < FEW {
                    let index = slots[..used].partition_point(|other| *other <= slot);
                    slots.copy_within(index..used, index + 1);
                    slots[index] = slot;
                } else {
                    let mut ring = Ring::of(slots, *base);
                    ring.insert(slot, most);
                    self.0 = Hits::Many(ring);
                }
            }
            Hits::Many(ring) => ring.insert(slot, most),
        }
    }

    fn remove(&mut self, index: usize) {
        match &mut self.0 {
            Hits::Few { slots, .. } => {
                slots.copy_within(index + 1.., index);
                slots[FEW - 1] = UNUSED;
            }
            Hits::Many(ring) => ring.remove(index),
        }
    }

    /// Counts from a later base. What is older than it is out of every window.
    fn move_base(&mut self, ticks: u64) {
        let base = Base::floor(ticks, self.base().tick());
        let by = base.ticks() - self.base().ticks();
        for slot in self.hits_mut() {
            *slot = to_offset(u64::from(*slot >> 1).saturating_sub(by)) << 1 | (*slot & PENDING);
        }
        self.set_limited(to_u32_ticks(u64::from(self.limited()).saturating_sub(by)));
        self.set_base(base);
    }

    /// Adopts a longer tick, after a throttle with a longer window joined the store.
    #[inline]
    fn coarsen(&mut self, tick: Tick) {
        if tick > self.base().tick() {
            self.adopt(tick);
        }
    }

    #[cold]
    fn adopt(&mut self, tick: Tick) {
        let old = self.base();
        let base = Base::floor(old.ticks() * old.tick().nanos() / tick.nanos(), tick);
        let moved = |offset: u32| tick.ceil(old.plus(offset)) - base.ticks();
        let hits = self.hits_mut();
        for slot in &mut *hits {
            *slot = to_offset(moved(*slot >> 1)) << 1 | (*slot & PENDING);
        }
        hits.sort_unstable();
        let limited = self.limited();
        if limited > 0 {
            self.set_limited(to_u32_ticks(moved(limited)));
        }
        self.set_base(base);
    }

    /// Finds a place taken at `at`. Places of one moment are alike: any of them will do.
    #[inline]
    fn find_pending(&self, at: u64) -> Option<usize> {
        let base = self.base();
        let ticks = base.tick().ceil(at);
        let offset = ticks.checked_sub(base.ticks())?;
        if offset > LAST {
            return None;
        }
        let slot = to_offset(offset) << 1 | PENDING;
        let hits = self.hits();
        let index = match hits {
            // The newest, and alone in its tick: what most requests hold.
            [.., before, newest] if *newest == slot && *before != slot => hits.len() - 1,
            _ => hits.partition_point(|other| *other < slot),
        };
        (hits.get(index) == Some(&slot)).then_some(index)
    }

    fn drop_oldest_kept(&mut self) {
        let oldest = self.hits().iter().position(|slot| slot & PENDING == 0);
        if let Some(index) = oldest {
            self.remove(index);
        }
    }
}

#[inline]
fn used(slots: &[u32; FEW]) -> usize {
    slots.iter().filter(|slot| **slot != UNUSED).count()
}

#[inline]
pub(super) fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[inline]
pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[inline]
fn to_offset(ticks: u64) -> u32 {
    to_u32_ticks(ticks.min(LAST))
}

#[inline]
fn to_u32_ticks(ticks: u64) -> u32 {
    u32::try_from(ticks).unwrap_or(u32::MAX)
}
