//! Connections that threads keep for themselves, to read what is found at once without going to another thread.
//!
//! Only a database that is a file has them, and only while it keeps a write-ahead log: there a reader waits for nobody.
//! They wait for no lock, and write nothing.

use std::{
    any::Any,
    cell::RefCell,
    sync::{Arc, Weak},
};

use super::{
    Dialect,
    manager::Manager,
    totals::{Totals, TotalsHere},
};
use crate::errors::{Error, Result};

thread_local! {
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The connection of this thread to a database; nothing while it is used, and where none can be had.
struct Kept {
    of: Weak<dyn Any + Send + Sync>,
    connection: Option<Box<dyn Any>>,
    /// What this thread counted.
    totals: Arc<Totals<i64>>,
    /// The state in which the database was when it was last looked at, unless that was found to be another one.
    seen: Option<i64>,
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
    fn version(self: &Arc<Self>) -> Option<i64> {
        self.read(|connection| {
            DB::version(connection).map_err(Error::database("looking for news"))
        })?
        .ok()
    }

    /// What this thread counted while the database was in the state that it is in now.
    pub(super) fn totals(self: &Arc<Self>) -> Option<TotalsHere> {
        let version = self.version()?;
        self.kept(|kept| {
            kept.seen = Some(version);
            TotalsHere::new(Arc::clone(&kept.totals), version)
        })
    }

    /// What this thread counted in the state in which it saw the database last, which need not be the state that it is
    /// in now: whoever takes a count looks behind it.
    pub(super) fn totals_as_seen(self: &Arc<Self>) -> Option<TotalsHere> {
        self.kept(|kept| Some(TotalsHere::new(Arc::clone(&kept.totals), kept.seen?)))?
    }

    /// Whether the database is in the same state still.
    pub(super) fn is_current(self: &Arc<Self>, totals: &TotalsHere) -> bool {
        let is_current = self.version() == Some(totals.version);
        self.kept(|kept| kept.seen = is_current.then_some(totals.version));
        is_current
    }

    fn kept<T>(self: &Arc<Self>, work: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        KEPT.with_borrow_mut(|kept| kept.iter_mut().find(|kept| self.is(kept)).map(work))
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
                totals: Arc::default(),
                seen: None,
            });
            self.establish().map(Box::new)
        })
    }

    fn give_back(self: &Arc<Self>, connection: Box<DB::Connection>) {
        self.kept(|kept| kept.connection = Some(connection));
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
