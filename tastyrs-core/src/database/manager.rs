//! How connections are made, and told apart from those that broke.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, ConnectionError,
    r2d2::{Error, ManageConnection, R2D2Connection as _},
};

use super::{DatabaseOptions, Dialect};

/// A connection of the pool.
pub(super) struct Kept<DB: Dialect> {
    connection: DB::Connection,
    /// When the other side answered last.
    answered: Instant,
    is_broken: bool,
}

impl<DB: Dialect> Kept<DB> {
    fn new(connection: DB::Connection) -> Self {
        Self {
            connection,
            answered: Instant::now(),
            is_broken: false,
        }
    }

    /// Notes that the other side answered just now.
    pub(super) fn answered(&mut self) {
        self.answered = Instant::now();
    }

    /// Whether nothing was heard of the other side for so long that what stands between may have forgotten the connection.
    pub(super) fn is_silent(&self) -> bool {
        const LONG: Duration = Duration::from_secs(10);
        DB::is_remote() && self.answered.elapsed() > LONG
    }

    /// Whether it still stands, as far as can be told; one that does not is given up when it comes back.
    pub(super) fn is_alive(&mut self) -> bool {
        self.is_broken |= !DB::is_alive(&mut self.connection);
        !self.is_broken
    }
}

impl<DB: Dialect> Deref for Kept<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Dialect> DerefMut for Kept<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

/// Makes connections for the pool, and says in the log when the database goes away and comes back.
pub(super) struct Manager<DB> {
    url: String,
    options: DatabaseOptions,
    /// Whether the last connection could not be made.
    away: AtomicBool,
    database: PhantomData<fn() -> DB>,
}

impl<DB> fmt::Debug for Manager<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("Manager")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<DB: Dialect> Manager<DB> {
    pub(super) fn new(url: &str, options: DatabaseOptions) -> Self {
        Self {
            url: DB::address(url),
            options,
            away: AtomicBool::new(false),
            database: PhantomData,
        }
    }

    /// A connection that was told what it must know.
    pub(super) fn establish(&self) -> Result<DB::Connection, Error> {
        let established = DB::Connection::establish(&self.url).map_err(Error::ConnectionError);
        let prepared = established.and_then(|mut connection| {
            DB::prepare(&mut connection, &self.options).map_err(Error::QueryError)?;
            Ok(connection)
        });
        prepared.map_err(|error| {
            let told = without_secrets(&error.to_string(), &self.url);
            Error::ConnectionError(ConnectionError::BadConnection(told))
        })
    }
}

impl<DB: Dialect> ManageConnection for Manager<DB> {
    type Connection = Kept<DB>;
    type Error = Error;

    fn connect(&self) -> Result<Kept<DB>, Error> {
        let made = self.establish().map(Kept::new);
        match &made {
            Ok(_) if self.away.swap(false, Ordering::Relaxed) => {
                tracing::info!(target: "tastyrs::database", "the database is back");
            }
            Err(error) if !self.away.swap(true, Ordering::Relaxed) => {
                tracing::error!(target: "tastyrs::database", %error, "the database cannot be reached");
            }
            _ => {}
        }
        made
    }

    fn is_valid(&self, connection: &mut Kept<DB>) -> Result<(), Error> {
        if connection.is_alive() {
            return Ok(());
        }
        let told = "the connection broke".to_owned();
        Err(Error::ConnectionError(ConnectionError::BadConnection(told)))
    }

    fn has_broken(&self, connection: &mut Kept<DB>) -> bool {
        std::thread::panicking() || connection.is_broken || connection.connection.is_broken()
    }
}

/// A message without the address, which may hold a password.
fn without_secrets(message: &str, url: &str) -> String {
    let message = message.replace(url, "the address");
    let Some((head, rest)) = message.split_once("://") else {
        return message;
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{head}://...@{host}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_failed_connection_shows_no_password() {
        let url = "postgres://ada:secret@db/notes";

        let whole = without_secrets(&format!("no such host in \"{url}\""), url);
        let part = without_secrets("bad port in postgres://ada:secret@db:x/notes", url);

        assert_eq!(whole, "no such host in \"the address\"");
        assert_eq!(part, "bad port in postgres://...@db:x/notes");
    }
}
