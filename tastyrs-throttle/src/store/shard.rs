//! A part of the map, behind a lock of its own.

use hashbrown::HashTable;

use super::slab::Slab;
use super::window::{Scale, Standing, Window};
use crate::identifier::Key;
use crate::rate::Limit;

/// Finds the windows of its keys, and walks round them looking for whom to forget.
///
/// In this order, so that with the lock before it all that a decision asks is on one cache line.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Shard {
    /// The latest time at which anything was counted here.
    latest: u64,
    entries: Slab<Entry>,
    /// Where the entry of a key is.
    slots: HashTable<u32>,
    /// The entry that will be looked at next.
    hand: u32,
}

/// 48 bytes: beside the five to eleven of its place in the table, all that a key costs.
#[derive(Debug)]
struct Entry {
    key: Key,
    window: Window,
}

/// What came of the look for a key to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// One was forgotten; `counted` says whether its accesses still counted.
    Made { counted: bool },
    /// All that were looked at are limited or have a request under way. It may be otherwise after
    /// so many nanoseconds, where that is known.
    None { soonest: Option<u64> },
}

/// How many keys a newcomer looks at, at most, when there is no room.
const LOOKS: u32 = 64;
/// Of how many keys that still count the one with the fewest accesses is forgotten.
const CANDIDATES: usize = 8;

impl Room {
    /// The room that was made, or else when there may be some in either.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::None { soonest: one }, Self::None { soonest: other }) => {
                let soonest = match (one, other) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
                Self::None { soonest }
            }
            (Self::None { .. }, made) | (made, _) => made,
        }
    }
}

impl Shard {
    pub(super) const fn new() -> Self {
        Self {
            slots: HashTable::new(),
            entries: Slab::new(),
            hand: 0,
            latest: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    #[inline]
    pub(super) fn find(&self, key: &Key, hash: u64) -> Option<u32> {
        let is_its = |slot: &u32| {
            self.entries
                .get(*slot)
                .is_some_and(|entry| entry.key == *key)
        };
        self.slots.find(hash, is_its).copied()
    }

    /// The window of a key that was at `slot` when it was seen last; an entry moves when another
    /// is forgotten.
    #[inline]
    pub(super) fn seen(
        &mut self,
        key: Key,
        slot: u32,
        hash: impl Fn(Key) -> u64,
    ) -> Option<&mut Window> {
        let slot = match self.entries.get(slot) {
            Some(entry) if entry.key == key => slot,
            _ => self.find(&key, hash(key))?,
        };
        self.window(slot)
    }

    #[inline]
    pub(super) fn window(&mut self, slot: u32) -> Option<&mut Window> {
        self.entries.get_mut(slot).map(|entry| &mut entry.window)
    }

    /// Says whether nothing here is newer than this time, at which something will be counted. So
    /// a window need not be asked for its newest, which may be on a cache line of its own.
    #[inline]
    pub(super) fn is_newest(&mut self, at: u64) -> bool {
        let is_newest = at >= self.latest;
        self.latest = self.latest.max(at);
        is_newest
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, key: Key, scale: &Scale, hash: impl Fn(Key) -> u64) -> u32 {
        let window = Window::new(scale);
        let slot = self.entries.push(Entry { key, window });
        let entries = &self.entries;
        let hash_of = |slot: &u32| entries.get(*slot).map_or(0, |entry| hash(entry.key));
        self.slots.insert_unique(hash(key), slot, hash_of);
        slot
    }

    /// Looks at the next `looks` keys, and forgets those of which nothing counts; says how many.
    pub(super) fn forget_void(
        &mut self,
        looks: usize,
        now: u64,
        longest: u64,
        hash: impl Fn(Key) -> u64,
    ) -> usize {
        let mut forgotten = 0;
        for _ in 0..looks {
            let Some((slot, entry)) = self.next() else {
                break;
            };
            if entry.window.is_void(now, longest) {
                self.forget(slot, &hash);
                forgotten += 1;
            }
        }
        forgotten
    }

    /// Forgets one key: the next of which nothing counts, else of a few the one with the fewest
    /// accesses.
    pub(super) fn make_room(
        &mut self,
        now: u64,
        limits: &[Limit],
        longest: u64,
        hash: impl Fn(Key) -> u64,
    ) -> Room {
        let mut soonest: Option<u64> = None;
        let mut spared: Option<(usize, u32)> = None;
        let mut candidates = 0;
        for _ in 0..self.entries.len().min(LOOKS) {
            let Some((slot, entry)) = self.next() else {
                break;
            };
            match entry.window.standing(now, limits, longest) {
                Standing::Void => {
                    self.forget(slot, &hash);
                    return Room::Made { counted: false };
                }
                Standing::Counted { hits } => {
                    if spared.is_none_or(|(fewest, _)| hits < fewest) {
                        spared = Some((hits, slot));
                    }
                    candidates += 1;
                    if hits <= 1 || candidates == CANDIDATES {
                        break;
                    }
                }
                Standing::InFlight => {}
                Standing::Limited { wait } => {
                    soonest = Some(soonest.map_or(wait, |soonest| soonest.min(wait)));
                }
            }
        }
        match spared {
            Some((_, slot)) => {
                self.forget(slot, &hash);
                Room::Made { counted: true }
            }
            None => Room::None { soonest },
        }
    }

    /// The entry at the hand, which moves on: past one that is forgotten, too, since the newest
    /// takes its place.
    fn next(&mut self) -> Option<(u32, &Entry)> {
        if self.hand >= self.entries.len() {
            self.hand = 0;
        }
        let slot = self.hand;
        self.hand += 1;
        Some((slot, self.entries.get(slot)?))
    }

    /// Takes an entry out; the last one takes its place.
    fn forget(&mut self, slot: u32, hash: impl Fn(Key) -> u64) {
        let last = self.entries.len() - 1;
        let Some(entry) = self.entries.swap_remove(slot) else {
            return;
        };
        if let Ok(found) = self
            .slots
            .find_entry(hash(entry.key), |other| *other == slot)
        {
            found.remove();
        }
        if let Some(moved) = self.entries.get(slot)
            && let Some(of_moved) = self.slots.find_mut(hash(moved.key), |other| *other == last)
        {
            *of_moved = slot;
        }
    }
}
