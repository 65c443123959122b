//! Places that machines count together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::desk::{Caller, Desk};
use super::scripts::{At, Id};
use crate::store::Place;

/// Places that a request holds in Redis, or of which Redis is yet to hear. Dropped, they are given
/// back.
pub(crate) struct SharedPlace {
    desk: Arc<Desk>,
    caller: Caller,
    id: Id,
    taken: Taken,
    cost: u32,
    /// The same places as this process remembers them, for when Redis is away.
    local: Option<Place>,
}

/// Where places were taken, and when.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taken {
    /// In Redis, at this time of Redis, in microseconds.
    There(u64),
    /// In this process alone, at this time of its clock, in nanoseconds.
    Here(u64),
}

impl Taken {
    /// When that was, as Redis is told it at this time of the process's clock.
    pub(super) fn at(self, now: u64) -> At {
        match self {
            Self::There(at) => At::Time(at),
            Self::Here(taken) => At::Ago(Duration::from_nanos(now.saturating_sub(taken))),
        }
    }
}

impl SharedPlace {
    pub(super) fn new(
        desk: &Arc<Desk>,
        caller: Caller,
        id: Id,
        taken: Taken,
        cost: u32,
        local: Option<Place>,
    ) -> Self {
        Self {
            desk: Arc::clone(desk),
            caller,
            id,
            taken,
            cost,
            local,
        }
    }

    /// Makes them count for good; `charged` is how many they are, where it turned out otherwise.
    /// Nobody waits for Redis to hear of it, but whatever this process asks later is behind it.
    pub(crate) fn keep(mut self, charged: Option<u32>) {
        if let Some(mut local) = self.local.take() {
            local.keep(charged);
        }
        let (desk, cost) = (&self.desk, self.cost);
        let charged = charged.unwrap_or(cost);
        if charged < cost {
            desk.give_back(&self.caller, self.id, charged, cost);
        }
        if charged > cost {
            desk.add(&self.caller, self.id, self.taken, cost, charged - cost);
        }
        self.cost = 0;
    }
}

impl Drop for SharedPlace {
    fn drop(&mut self) {
        if self.cost > 0 {
            self.desk.give_back(&self.caller, self.id, 0, self.cost);
        }
    }
}

impl fmt::Debug for SharedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPlace")
            .field("taken", &self.taken)
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}
