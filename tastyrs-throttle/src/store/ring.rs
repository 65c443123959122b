//! The accesses of whom has many.

use super::window::{PENDING, to_u32, to_usize};

/// Never forgotten before it has left every window.
pub(super) const NEVER: u64 = u64::MAX;

/// Sorted slots that move along in a block of memory: one is added at the end and one taken away
/// at the front, most of the time.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Slots,
    /// The slots in use are `start..end`.
    start: u32,
    end: u32,
    pending: u32,
    /// When everything is forgotten, in nanoseconds.
    pub(super) expires: u64,
}

/// The first of them stand in the ring itself, in one block of memory with what is known of them.
#[derive(Debug)]
enum Slots {
    Inline([u32; INLINE]),
    Heap(Box<[u32]>),
}

const INLINE: usize = 10;

impl Slots {
    #[inline]
    fn all(&self) -> &[u32] {
        match self {
            Self::Inline(slots) => slots,
            Self::Heap(slots) => slots,
        }
    }

    #[inline]
    fn all_mut(&mut self) -> &mut [u32] {
        match self {
            Self::Inline(slots) => slots,
            Self::Heap(slots) => slots,
        }
    }
}

impl Ring {
    /// Begins with these slots, which are a few.
    pub(super) fn of(slots: &[u32]) -> Self {
        let mut ring = Self {
            slots: Slots::Inline([0; INLINE]),
            start: 0,
            end: to_u32(slots.len()),
            pending: slots.iter().map(|slot| slot & PENDING).sum(),
            expires: NEVER,
        };
        ring.slots.all_mut()[..slots.len()].copy_from_slice(slots);
        ring
    }

    #[inline]
    pub(super) fn slots(&self) -> &[u32] {
        &self.slots.all()[to_usize(self.start)..to_usize(self.end)]
    }

    pub(super) fn slots_mut(&mut self) -> &mut [u32] {
        &mut self.slots.all_mut()[to_usize(self.start)..to_usize(self.end)]
    }

    pub(super) fn pending(&self) -> u32 {
        self.pending
    }

    pub(super) fn clear(&mut self) {
        (self.start, self.end, self.pending) = (0, 0, 0);
    }

    /// Adds a slot behind its equals. No more than `most` slots are to be expected.
    #[inline]
    pub(super) fn insert(&mut self, slot: u32, most: u32) {
        self.make_room(most);
        let end = to_usize(self.end);
        let newest = self.slots().last();
        let index = if newest.is_none_or(|newest| *newest <= slot) {
            end
        } else {
            to_usize(self.start) + self.slots().partition_point(|other| *other <= slot)
        };
        if index < end {
            self.slots.all_mut().copy_within(index..end, index + 1);
        }
        self.slots.all_mut()[index] = slot;
        self.end += 1;
        self.pending += slot & PENDING;
    }

    /// Adds a slot at the end and takes the oldest away where there are as many as are to be
    /// remembered, if that is all that need be done and `may_pass` of the slots; `None` otherwise.
    #[inline]
    pub(super) fn take_one(
        &mut self,
        slot: u32,
        most: u32,
        may_pass: impl FnOnce(&[u32]) -> bool,
    ) -> Option<()> {
        let (start, end) = (to_usize(self.start), to_usize(self.end));
        let [used @ .., free] = self.slots.all_mut().get_mut(start..=end)? else {
            return None;
        };
        let is_full = slot & PENDING == 0 && to_u32(used.len()) - self.pending >= most;
        if self.expires != NEVER
            || used.last().is_none_or(|newest| *newest > slot)
            || is_full && used.first().is_none_or(|oldest| oldest & PENDING > 0)
            || !may_pass(used)
        {
            return None;
        }
        *free = slot;
        self.end += 1;
        self.start += u32::from(is_full);
        self.pending += slot & PENDING;
        Some(())
    }

    /// Makes the newest slot count for good, if it is this one, alone in its tick, and none need
    /// be forgotten for it; says whether it was.
    #[inline]
    pub(super) fn keep_newest(&mut self, slot: u32, most: u32) -> bool {
        let end = to_usize(self.end);
        let Some([before, newest]) = self.slots.all_mut().get_mut(end.wrapping_sub(2)..end) else {
            return false;
        };
        let is_full = self.end - self.start - self.pending >= most;
        if *newest != slot || *before == slot || is_full || self.end == self.start {
            return false;
        }
        *newest = slot & !PENDING;
        self.pending -= 1;
        true
    }

    /// Takes the slot at `index` away.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) {
        let (start, end) = (to_usize(self.start), to_usize(self.end));
        let at = start + index;
        self.pending -= self.slots.all()[at] & PENDING;
        if index < (end - start) / 2 {
            self.slots.all_mut().copy_within(start..at, start + 1);
            self.start += 1;
        } else if index == 0 {
            self.start += 1;
        } else {
            self.slots.all_mut().copy_within(at + 1..end, at);
            self.end -= 1;
        }
    }

    /// Makes the place at `index` count for good.
    pub(super) fn keep(&mut self, index: usize) {
        let slot = &mut self.slots.all_mut()[to_usize(self.start) + index];
        self.pending -= *slot & PENDING;
        *slot &= !PENDING;
    }

    /// Makes room for one slot at the end: by moving all to the front where enough is free
    /// there, so that a slot is moved a few times in its life and not at every push.
    fn make_room(&mut self, most: u32) {
        let (start, end) = (to_usize(self.start), to_usize(self.end));
        let capacity = self.slots.all().len();
        if end < capacity {
            return;
        }
        let length = end - start;
        if start >= (capacity / 8).max(1) {
            self.slots.all_mut().copy_within(start..end, 0);
        } else {
            let most = length.max(to_usize(most));
            let wanted = (capacity * 2).min(most + most / 4 + 4);
            let mut slots = vec![0; wanted].into_boxed_slice();
            slots[..length].copy_from_slice(self.slots());
            self.slots = Slots::Heap(slots);
        }
        self.start = 0;
        self.end = to_u32(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stay_sorted_whatever_is_added_and_taken_away() {
        let mut ring = Ring::of(&[2, 4]);
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
}
