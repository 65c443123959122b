//! The accesses of whom has many.

use super::tick::Base;
use super::window::{PENDING, to_u32, to_usize};

/// Never forgotten before it has left every window.
pub(super) const NEVER: u64 = u64::MAX;

/// Sorted slots that move along in a block of memory: one is added at the end and one taken away
/// at the front, most of the time.
///
/// Where the end is stands here and not in the block, of which a decision far below the limit then
/// touches the end alone.
#[derive(Debug)]
pub(super) struct Ring {
    /// What else is known of the slots, in [`HEAD`] words, and the slots.
    block: Box<[u32]>,
    /// What the slots count from.
    pub(super) base: Base,
    /// The first place of the block behind the slots, and [`EXPIRES`].
    end: u32,
}

/// The word that says where the slots in use begin.
const START: usize = 0;
/// The word that says how many of them are not known to be kept.
const UNKEPT: usize = 1;
/// The word that says until when limits of its own turn the identifier away.
const LIMITED: usize = 2;
/// The two words, the lower first, that say when everything is forgotten.
const FORGOTTEN: [usize; 2] = [3, 4];
const HEAD: usize = 5;
const FIRST: u32 = 5;

/// Marks an end whose slots are forgotten at some time. With it the end is behind every block, so
/// that what is done there at once is not done.
const EXPIRES: u32 = 1 << 31;

/// The words of the smallest block: one cache line's.
const SMALLEST: usize = 16;
/// Below so many slots a block becomes four times as large, and then twice: that it grows costs
/// as much as three decisions.
const SMALL: usize = 128;

impl Ring {
    /// Begins with these slots, which are a few.
    pub(super) fn of(slots: &[u32], base: Base) -> Self {
        let mut block = vec![0; SMALLEST].into_boxed_slice();
        block[HEAD..HEAD + slots.len()].copy_from_slice(slots);
        block[START] = FIRST;
        block[UNKEPT] = slots.iter().map(|slot| slot & PENDING).sum();
        Self {
            block,
            base,
            end: FIRST + to_u32(slots.len()),
        }
    }

    #[inline]
    fn start(&self) -> usize {
        to_usize(self.block[START])
    }

    #[inline]
    fn end(&self) -> usize {
        to_usize(self.end & !EXPIRES)
    }

    fn set_end(&mut self, end: usize) {
        self.end = to_u32(end) | self.end & EXPIRES;
    }

    #[inline]
    pub(super) fn slots(&self) -> &[u32] {
        &self.block[self.start()..self.end()]
    }

    pub(super) fn slots_mut(&mut self) -> &mut [u32] {
        let (start, end) = (self.start(), self.end());
        &mut self.block[start..end]
    }

    pub(super) fn pending(&self) -> u32 {
        self.block[UNKEPT]
    }

    /// Until when limits of its own turn the identifier away, in ticks from the base; 0 where they
    /// do not.
    pub(super) fn limited(&self) -> u32 {
        self.block[LIMITED]
    }

    pub(super) fn set_limited(&mut self, until: u32) {
        self.block[LIMITED] = until;
    }

    /// When everything is forgotten, in nanoseconds.
    #[inline]
    pub(super) fn expires(&self) -> u64 {
        if self.end & EXPIRES == 0 {
            return NEVER;
        }
        let [low, high] = FORGOTTEN.map(|word| u64::from(self.block[word]));
        low | high << 32
    }

    pub(super) fn set_expires(&mut self, expires: u64) {
        let halves = [expires & u64::from(u32::MAX), expires >> 32];
        for (word, half) in FORGOTTEN.into_iter().zip(halves) {
            self.block[word] = u32::try_from(half).unwrap_or(u32::MAX);
        }
        self.end &= !EXPIRES;
        if expires != NEVER {
            self.end |= EXPIRES;
        }
    }

    pub(super) fn clear(&mut self) {
        self.block[START] = FIRST;
        self.block[UNKEPT] = 0;
        self.block[LIMITED] = 0;
        self.set_end(HEAD);
    }

    /// Adds a slot behind its equals. No more than `most` slots are to be expected.
    #[inline]
    pub(super) fn insert(&mut self, slot: u32, most: u32) {
        self.make_room(most);
        let end = self.end();
        let newest = self.slots().last();
        let index = if newest.is_none_or(|newest| *newest <= slot) {
            end
        } else {
            self.start() + self.slots().partition_point(|other| *other <= slot)
        };
        if index < end {
            self.block.copy_within(index..end, index + 1);
        }
        self.block[index] = slot;
        self.block[UNKEPT] += slot & PENDING;
        self.end += 1;
    }

    /// Adds a slot at the end and takes the oldest away where there are as many as are to be
    /// remembered, if that is all that need be done and `may_pass` of the slots; `None` otherwise.
    /// Fewer than `least` slots may always pass. Where it `is_newest` for certain, no other slot is
    /// looked at.
    #[inline]
    pub(super) fn take_one(
        &mut self,
        slot: u32,
        is_newest: bool,
        least: u32,
        most: u32,
        may_pass: impl FnOnce(&[u32]) -> bool,
    ) -> Option<()> {
        let end = to_usize(self.end);
        let [newest, free] = self.block.get_mut(end.wrapping_sub(1)..=end)? else {
            return None;
        };
        // Those that were taken away at the front included.
        let used = self.end - FIRST;
        if used == 0 || !is_newest && *newest > slot {
            return None;
        }
        if used < least {
            *free = slot;
        } else {
            self.take_one_of_many(slot, most, may_pass)?;
        }
        if slot & PENDING > 0 {
            self.block[UNKEPT] += 1;
        }
        self.end += 1;
        Some(())
    }

    /// Apart, so that what is far below the limit is a straight line.
    #[inline(never)]
    fn take_one_of_many(
        &mut self,
        slot: u32,
        most: u32,
        may_pass: impl FnOnce(&[u32]) -> bool,
    ) -> Option<()> {
        let (start, end) = (self.start(), to_usize(self.end));
        let pending = self.pending();
        let [used @ .., free] = self.block.get_mut(start..=end)? else {
            return None;
        };
        let is_full = slot & PENDING == 0 && to_u32(used.len()) - pending >= most;
        if used.is_empty() || is_full && used[0] & PENDING > 0 || !may_pass(used) {
            return None;
        }
        *free = slot;
        self.block[START] += u32::from(is_full);
        Some(())
    }

    /// Makes the newest slot count for good, if it is this one, alone in its tick, and none need
    /// be forgotten for it; says whether it was.
    #[inline]
    pub(super) fn keep_newest(&mut self, slot: u32, most: u32) -> bool {
        let end = self.end();
        let used = end - self.start();
        let is_full = to_u32(used) - self.pending() >= most;
        let Some([before, newest]) = self.block.get_mut(end - 2..end) else {
            return false;
        };
        // Before the first slot there is no other, but a word that may look like one.
        if *newest != slot || used > 1 && *before == slot || is_full || used == 0 {
            return false;
        }
        *newest = slot & !PENDING;
        self.block[UNKEPT] -= 1;
        true
    }

    /// Takes the slot at `index` away.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) {
        let (start, end) = (self.start(), self.end());
        let at = start + index;
        self.block[UNKEPT] -= self.block[at] & PENDING;
        if index < (end - start) / 2 {
            self.block.copy_within(start..at, start + 1);
            self.block[START] += 1;
        } else if index == 0 {
            self.block[START] += 1;
        } else {
            self.block.copy_within(at + 1..end, at);
            self.end -= 1;
        }
    }

    /// Makes the place at `index` count for good.
    pub(super) fn keep(&mut self, index: usize) {
        let at = self.start() + index;
        self.block[UNKEPT] -= self.block[at] & PENDING;
        self.block[at] &= !PENDING;
    }

    /// Makes room for one slot at the end: by moving all to the front where enough is free
    /// there, so that a slot is moved a few times in its life and not at every push.
    fn make_room(&mut self, most: u32) {
        let (start, end) = (self.start(), self.end());
        if end < self.block.len() {
            return;
        }
        let length = end - start;
        let capacity = self.block.len() - HEAD;
        if start - HEAD >= (capacity / 8).max(1) {
            self.block.copy_within(start..end, HEAD);
        } else {
            let most = length.max(to_usize(most));
            let growth = if capacity < SMALL { 4 } else { 2 };
            let wanted = (capacity * growth).min(most + most / 4 + 4);
            let mut block = vec![0; HEAD + wanted].into_boxed_slice();
            block[..HEAD].copy_from_slice(&self.block[..HEAD]);
            block[HEAD..HEAD + length].copy_from_slice(self.slots());
            self.block = block;
        }
        self.block[START] = FIRST;
        self.set_end(HEAD + length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tick::Tick;

    #[test]
    fn slots_stay_sorted_whatever_is_added_and_taken_away() {
        let mut ring = Ring::of(&[2, 4], Base::floor(0, Tick::for_window(1)));
        let mut model = vec![2, 4];
        let mut draw = crate::tests::Draw(0x5EED_0100);
        for _ in 0..10_000 {
            if draw.below(2) == 0 && !model.is_empty() {
                let index = usize::try_from(draw.below(model.len() as u64)).unwrap();
                ring.remove(index);
                model.remove(index);
            } else {
                let slot = u32::try_from(draw.below(1_000)).unwrap();
                ring.insert(slot, 40);
                model.push(slot);
                model.sort_unstable();
            }

            assert_eq!(ring.slots(), model);
            assert_eq!(
                ring.pending(),
                model.iter().map(|slot| slot & PENDING).sum::<u32>()
            );
        }
    }

    #[test]
    fn what_is_known_of_the_slots_stays_when_they_move() {
        let expires = 5_000_000_000_u64;
        let mut ring = Ring::of(&[2, 4], Base::floor(0, Tick::for_window(1)));
        assert_eq!((ring.expires(), ring.limited()), (NEVER, 0));
        ring.set_expires(expires);
        ring.set_limited(7);

        for slot in 3..100 {
            ring.insert(slot * 2, 100);
        }

        assert_eq!((ring.expires(), ring.limited()), (expires, 7));
        assert_eq!(ring.slots().len(), 99);
        ring.clear();
        assert_eq!((ring.expires(), ring.limited()), (expires, 0));
        assert!(ring.slots().is_empty());
        ring.set_expires(NEVER);
        assert_eq!(ring.expires(), NEVER);
    }
}
