//! A connection over several batches of one export.

use std::{fmt, sync::Arc};

use diesel::connection::TransactionManager as _;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Database, Dialect,
    pool::{Permit, Pooled, Transactions},
};
use crate::errors::{Error, Result};

/// What an export holds of its database from one batch to the next: a connection that sees one state, or nothing where
/// writers would have to wait for that.
///
/// It is moved to a blocking thread for each batch, and no thread is held in between.
pub(crate) struct Session<DB: Dialect> {
    database: Database<DB>,
    held: Option<Held<DB>>,
    /// Whether it was tried to hold a connection.
    begun: bool,
    _export: OwnedSemaphorePermit,
}

struct Held<DB: Dialect> {
    connection: Pooled<DB>,
    /// Comes last: the connection is free before somebody else may have it.
    _permit: Permit,
}

impl<DB: Dialect> fmt::Debug for Session<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("held", &self.held.is_some())
            .finish_non_exhaustive()
    }
}

impl<DB: Dialect> Database<DB> {
    /// The right to an export.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where others have half of the connections.
    pub(crate) fn session(&self) -> Result<Session<DB>> {
        let export = Arc::clone(&self.exports).try_acquire_owned();
        Ok(Session {
            database: self.clone(),
            held: None,
            begun: false,
            _export: export.map_err(|_| Error::Busy)?,
        })
    }
}

impl<DB: Dialect> Session<DB> {
    /// The right to a connection for the next batch, where none is held.
    pub(crate) async fn permit(&mut self) -> Result<Option<Permit>> {
        match self.held {
            Some(_) => Ok(None),
            None => self.database.permit().await.map(Some),
        }
    }

    /// Whether every batch sees the state that the first one saw.
    pub(crate) fn is_snapshot(&self) -> bool {
        self.held.is_some()
    }

    /// Runs the work of one batch, on this thread.
    pub(crate) fn run<T>(
        &mut self,
        permit: Option<Permit>,
        work: impl FnOnce(&mut DB::Connection) -> Result<T>,
    ) -> Result<T> {
        if let Some(held) = &mut self.held {
            return work(&mut held.connection);
        }
        let permit = permit.ok_or(Error::Busy)?;
        if self.begun {
            return self.database.with(&permit, false, work);
        }
        self.begun = true;
        let mut connection = self.database.connection(permit.until)?;
        let begun = DB::begin_snapshot(&mut connection);
        if begun.map_err(Error::database("beginning an export"))? {
            let held = self.held.insert(Held {
                connection,
                _permit: permit,
            });
            return work(&mut held.connection);
        }
        drop(connection);
        self.database.with(&permit, false, work)
    }
}

impl<DB: Dialect> Drop for Session<DB> {
    fn drop(&mut self) {
        if let Some(held) = &mut self.held
            && let Err(error) = Transactions::<DB>::rollback_transaction(&mut *held.connection)
        {
            // It is given up with its connection.
            tracing::debug!(target: "tastyrs::database", %error, "the end of an export was not told");
        }
    }
}
