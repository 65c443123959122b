//! A database of a test's own.
//!
//! - `sqlite`: in memory, or in a file
//! - `postgres`: at a server that the environment names

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::connection::SimpleConnection as _;

use crate::{
    database::{Database, DatabaseOptions, Dialect},
    errors::Result,
};

/// A database that belongs to one test, and is gone when it is dropped.
///
/// # Examples
///
/// ```
/// use diesel::sqlite::Sqlite;
/// use tastyrs_core::test::TestDatabase;
///
/// let entries = TestDatabase::<Sqlite>::in_memory()
///     .sql("CREATE TABLE entry (id integer PRIMARY KEY, title text NOT NULL);
///           INSERT INTO entry VALUES (1, 'First post');");
///
/// assert_eq!(entries.rows("SELECT title FROM entry"), serde_json::json!([["First post"]]));
/// ```
///
/// # Compatibility
///
/// Django's `TestCase` and its `fixtures`.
pub struct TestDatabase<DB: Dialect> {
    database: OnceLock<Database<DB>>,
    options: DatabaseOptions,
    url: String,
    /// Comes last: by then the connections are closed that are not in use elsewhere.
    _removal: Removal,
}

/// What removes a database, at the end.
#[derive(Default)]
struct Removal(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Removal {
    fn new(remove: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(remove)))
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        if let Some(remove) = self.0.take() {
            remove();
        }
    }
}

impl<DB: Dialect> fmt::Debug for TestDatabase<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// A name that no other test of this machine has.
fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("tastyrs_test_{}_{count}", std::process::id())
}

impl<DB: Dialect> TestDatabase<DB> {
    fn at(url: String, removal: Removal) -> Self {
        Self {
            database: OnceLock::new(),
            options: DatabaseOptions::default(),
            url,
            _removal: removal,
        }
    }

    /// Sets how it is opened; to be said before anything is done with it.
    #[must_use]
    pub fn options(self, options: DatabaseOptions) -> Self {
        Self {
            database: OnceLock::new(),
            options,
            ..self
        }
    }

    /// Runs statements, as those of a fixture.
    ///
    /// # Panics
    ///
    /// With what the database says.
    #[must_use]
    #[track_caller]
    pub fn sql(self, sql: &str) -> Self {
        self.fill(|db| Ok(db.batch_execute(sql)?))
    }

    /// Fills it by a closure.
    ///
    /// # Panics
    ///
    /// With what the closure or the database says.
    #[must_use]
    #[track_caller]
    pub fn fill(self, work: impl FnOnce(&mut DB::Connection) -> Result<()>) -> Self {
        self.run(work);
        self
    }

    /// Runs work on a connection, and gives what it answers.
    ///
    /// # Panics
    ///
    /// With what the work or the database says.
    #[track_caller]
    pub fn run<T>(&self, work: impl FnOnce(&mut DB::Connection) -> Result<T>) -> T {
        match self.opened().run(work) {
            Ok(answer) => answer,
            Err(error) => match std::error::Error::source(&error) {
                Some(source) => panic!("{error}: {source}"),
                None => panic!("{error}"),
            },
        }
    }

    /// The database, for an [`Api`](crate::api::Api).
    ///
    /// # Panics
    ///
    /// Where it cannot be opened.
    #[track_caller]
    pub fn database(&self) -> Database<DB> {
        self.opened().clone()
    }

    /// What it is opened by; another connection to `:memory:` sees another database.
    pub fn url(&self) -> &str {
        &self.url
    }

    #[track_caller]
    fn opened(&self) -> &Database<DB> {
        self.database.get_or_init(|| {
            match Database::open_with(self.url.clone(), self.options.clone()) {
                Ok(database) => database,
                Err(error) => panic!("{error}"),
            }
        })
    }
}
