//! What a request holds until it ends.

use super::part::Part;
use crate::identifier::Key;
use crate::sync::Arc;

/// Places that a request holds. Dropped, they are given back.
#[derive(Debug)]
pub(crate) struct Place {
    /// Not the whole store, of whose handles all cores would keep the count.
    part: Arc<Part>,
    key: Key,
    at: u64,
    cost: u32,
    /// Where the key was, to be found again without a look into the table.
    slot: u32,
    /// Whether they are given back when this is dropped.
    held: bool,
}

impl Place {
    #[inline]
    pub(super) fn new(part: &Arc<Part>, key: Key, at: u64, cost: u32, slot: u32) -> Self {
        Self {
            part: Arc::clone(part),
            key,
            at,
            cost,
            slot,
            held: cost > 0,
        }
    }

    /// Makes them count for good, once; `charged` is how many they are, where it turned out
    /// otherwise.
    #[inline]
    pub(crate) fn keep(&mut self, charged: Option<u32>) {
        if std::mem::take(&mut self.held) || charged.is_some() {
            self.count(charged);
        }
    }

    fn count(&self, charged: Option<u32>) {
        let scale = self.part.scale();
        let mut shard = self.part.lock();
        let hash = |key| self.part.hash(key);
        if let Some(window) = shard.seen(self.key, self.slot, hash) {
            if self.cost == 1 && charged.is_none() && window.keep_one(self.at, &scale) {
                return;
            }
            let charged = charged.unwrap_or(self.cost);
            window.keep(self.at, self.cost.min(charged), &scale);
            window.release(self.at, self.cost.saturating_sub(charged));
            let more = charged.saturating_sub(self.cost).min(scale.ring);
            if more > 0 {
                window.push(self.at, self.at, false, more, &scale);
            }
        }
    }

    fn give_back(&self) {
        let mut shard = self.part.lock();
        let hash = |key| self.part.hash(key);
        if let Some(window) = shard.seen(self.key, self.slot, hash) {
            window.release(self.at, self.cost);
        }
    }
}

impl Drop for Place {
    #[inline]
    fn drop(&mut self) {
        if self.held {
            self.give_back();
        }
    }
}
