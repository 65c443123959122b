//! What a request holds until it ends.

use super::handle::Store;
use crate::identifier::Key;

/// Places that a request holds. Dropped, they are given back.
#[derive(Debug)]
pub(crate) struct Place {
    store: Store,
    key: Key,
    at: u64,
    cost: u32,
    /// Where the key was, to be found again without a look into the table.
    shard: usize,
    slot: u32,
}

impl Place {
    pub(super) fn new(
        store: &Store,
        key: Key,
        at: u64,
        cost: u32,
        shard: usize,
        slot: u32,
    ) -> Self {
        Self {
            store: store.clone(),
            key,
            at,
            cost,
            shard,
            slot,
        }
    }

    /// Makes them count for good; `charged` is how many they are, where it turned out otherwise.
    pub(crate) fn keep(mut self, charged: Option<u32>) {
        let cost = std::mem::take(&mut self.cost);
        let scale = self.store.scale();
        let Some(mut shard) = self.store.shard_of_number(self.shard) else {
            return;
        };
        let hash = |key| self.store.hash(key);
        if let Some(window) = shard.seen(self.key, self.slot, hash) {
            if cost == 1 && charged.is_none() && window.keep_one(self.at, &scale) {
                return;
            }
            let charged = charged.unwrap_or(cost);
            window.keep(self.at, cost.min(charged), &scale);
            window.release(self.at, cost.saturating_sub(charged));
            let more = charged.saturating_sub(cost).min(scale.ring);
            if more > 0 {
                window.push(self.at, self.at, false, more, &scale);
            }
        }
    }
}

impl Place {
    fn give_back(&self) {
        let Some(mut shard) = self.store.shard_of_number(self.shard) else {
            return;
        };
        let hash = |key| self.store.hash(key);
        if let Some(window) = shard.seen(self.key, self.slot, hash) {
            window.release(self.at, self.cost);
        }
    }
}

impl Drop for Place {
    #[inline]
    fn drop(&mut self) {
        if self.cost > 0 {
            self.give_back();
        }
    }
}
