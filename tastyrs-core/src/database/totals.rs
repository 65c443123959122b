//! How many rows were counted, for as long as nothing has changed since.

use std::{
    cell::Cell,
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, Hasher, RandomState},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{Dialect, Statement};

/// The most counts that are kept; clients choose filters, and so how many there are.
const MOST: usize = 1_024;

/// What is counted: the rows of a resource that a statement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Counting {
    resource: u64,
    statement: u64,
}

impl Counting {
    /// All rows of a resource.
    pub(crate) fn whole(resource: u64) -> Self {
        Self {
            resource,
            statement: 0,
        }
    }

    /// Those that a statement counts.
    pub(crate) fn of<DB: Dialect>(resource: u64, statement: &Statement<DB>) -> Self {
        // Its seed is of this process, so that nobody outside can have two statements meet.
        static SEED: OnceLock<RandomState> = OnceLock::new();
        let mut hashed = Hashed(SEED.get_or_init(RandomState::new).build_hasher());
        // A hasher takes whatever it is given.
        let _ = DB::write_statement(statement, &mut hashed);
        Self {
            resource,
            statement: hashed.0.finish(),
        }
    }
}

struct Hashed<H>(H);

impl<H: Hasher> fmt::Write for Hashed<H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Counts, each with the state of the database that it was made in.
#[derive(Debug)]
pub(crate) struct Totals<S>(Mutex<HashMap<Counting, (S, u64)>>);

impl<S> Default for Totals<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Clone + PartialEq> Totals<S> {
    /// What was counted, and in which state.
    pub(crate) fn get(&self, counting: Counting) -> Option<(S, u64)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&counting).cloned()
    }

    pub(crate) fn keep(&self, counting: Counting, state: S, rows: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&counting) {
            kept.retain(|_, (known, _)| *known == state);
            if kept.len() >= MOST {
                kept.clear();
            }
        }
        kept.insert(counting, (state, rows));
    }
}

/// The counts of a thread as one request sees them: those of the state that the database was in when it came.
#[derive(Debug, Clone)]
pub(crate) struct TotalsHere {
    pub(super) totals: Arc<Totals<i64>>,
    pub(super) version: i64,
    taken: Cell<bool>,
}

impl TotalsHere {
    pub(super) fn new(totals: Arc<Totals<i64>>, version: i64) -> Self {
        Self {
            totals,
            version,
            taken: Cell::new(false),
        }
    }

    /// What was counted in this state; whoever takes it looks again behind it.
    pub(crate) fn take(&self, counting: Counting) -> Option<u64> {
        let known = self.known(counting);
        self.taken.set(self.taken.get() || known.is_some());
        known
    }

    /// The same, only to be looked at.
    pub(crate) fn known(&self, counting: Counting) -> Option<u64> {
        let (version, rows) = self.totals.get(counting)?;
        (version == self.version).then_some(rows)
    }

    /// Keeps what was counted since. Should the database have changed meanwhile, nobody takes it any more: whoever
    /// comes then has another state, and whoever came before looks again at the end.
    pub(crate) fn keep(&self, counting: Counting, rows: u64) {
        self.totals.keep(counting, self.version, rows);
    }

    /// Whether a count was taken, which is right only if the database is in this state still.
    pub(crate) fn was_taken(&self) -> bool {
        self.taken.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_old_states_make_room_first_and_then_all() {
        let totals = Totals::default();
        let counting = |statement| Counting {
            resource: 1,
            statement,
        };
        for statement in 0..MOST as u64 {
            totals.keep(counting(statement), statement % 2, statement);
        }
        totals.keep(counting(5_000), 1, 7);

        assert_eq!(totals.get(counting(0)), None);
        assert_eq!(totals.get(counting(1)), Some((1, 1)));
        for statement in 0..2 * MOST as u64 {
            totals.keep(counting(statement), 1, statement);
        }
        let kept = totals.0.lock().unwrap().len();
        assert!((1..=MOST).contains(&kept), "{kept}");
    }
}
