//! Connections that threads keep for themselves, to read what is found at once without going to another thread.
//!
//! Only a database that is a file has them, and only while it keeps a write-ahead log: there a reader waits for nobody.
//! They wait for no lock, and write nothing.

use std::{
    any::Any,
    cell::RefCell,
    sync::{Arc, Weak},
};

use super::{Dialect, manager::Manager};
use crate::errors::{Error, Result};

thread_local! {
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The connection of this thread to a database; nothing while it is used, and where none can be had.
struct Kept {
    of: Weak<dyn Any + Send + Sync>,
    connection: Option<Box<dyn Any>>,
    totals: Vec<Total>,
}

/// How many rows there were, for whom they were counted, and in which state of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Total {
    of: u64,
    pub(crate) version: i64,
    pub(crate) rows: u64,
    /// Whether it held when it was last used.
    pub(crate) held: bool,
}

/// A database to which threads keep connections.
pub(super) struct Here<DB: Dialect> {
    manager: Manager<DB>,
}

impl<DB: Dialect> Here<DB> {
    pub(super) fn new(manager: Manager<DB>) -> Arc<Self> {
        Arc::new(Self { manager })
    }

    /// Runs `work` that only reads on this thread's connection; nothing comes of it where there is none, or where the
    /// database fails, as when it is locked: then it is to be done elsewhere.
    pub(super) fn read<T>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Option<Result<T>> {
        let mut connection = self.take()?;
        let answer = work(&mut connection);
        self.give_back(connection);
        match answer {
            Err(Error::Database { .. }) => None,
            answer => Some(answer),
        }
    }

    /// The state of the database: another number once anybody else has written.
    pub(super) fn version(self: &Arc<Self>) -> Option<i64> {
        self.read(|connection| {
            DB::version(connection).map_err(Error::database("looking for news"))
        })?
        .ok()
    }

    /// How many rows were counted, and in which state of the database.
    pub(super) fn total(self: &Arc<Self>, of: u64) -> Option<Total> {
        KEPT.with_borrow(|kept| {
            let kept = kept.iter().find(|kept| self.is(kept))?;
            kept.totals.iter().find(|total| total.of == of).copied()
        })
    }

    /// Keeps how many rows were counted in this state of the database.
    pub(super) fn keep_total(self: &Arc<Self>, of: u64, version: i64, rows: u64) {
        KEPT.with_borrow_mut(|kept| {
            if let Some(kept) = kept.iter_mut().find(|kept| self.is(kept)) {
                kept.totals.retain(|total| total.of != of);
                kept.totals.push(Total {
                    of,
                    version,
                    rows,
                    held: false,
                });
            }
        });
    }

    /// Notes whether a total held when it was used.
    pub(super) fn held(self: &Arc<Self>, of: u64, held: bool) {
        KEPT.with_borrow_mut(|kept| {
            let kept = kept.iter_mut().find(|kept| self.is(kept));
            let mut totals = kept.into_iter().flat_map(|kept| &mut kept.totals);
            if let Some(total) = totals.find(|total| total.of == of) {
                total.held = held;
            }
        });
    }

    fn take(self: &Arc<Self>) -> Option<Box<DB::Connection>> {
        KEPT.with_borrow_mut(|kept| {
            if let Some(kept) = kept.iter_mut().find(|kept| self.is(kept)) {
                return kept.connection.take()?.downcast().ok();
            }
            kept.retain(|kept| kept.of.strong_count() > 0);
            let of: Weak<Self> = Arc::downgrade(self);
            kept.push(Kept {
                of,
                connection: None,
                totals: Vec::new(),
            });
            self.establish().map(Box::new)
        })
    }

    fn give_back(self: &Arc<Self>, connection: Box<DB::Connection>) {
        KEPT.with_borrow_mut(|kept| {
            if let Some(kept) = kept.iter_mut().find(|kept| self.is(kept)) {
                kept.connection = Some(connection);
            }
        });
    }

    fn is(self: &Arc<Self>, kept: &Kept) -> bool {
        std::ptr::addr_eq(kept.of.as_ptr(), Arc::as_ptr(self))
    }

    fn establish(&self) -> Option<DB::Connection> {
        let mut connection = self.manager.establish().ok()?;
        match DB::prepare_to_read_here(&mut connection) {
            Ok(true) => Some(connection),
            Ok(false) => None,
            Err(error) => {
                tracing::debug!(target: "tastyrs::database", %error, "workers read on other threads");
                None
            }
        }
    }
}
