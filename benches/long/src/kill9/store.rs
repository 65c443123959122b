//! The database under the servers, and what is in it.

use std::{collections::HashSet, fs, path::PathBuf, process};

use diesel::{PgConnection, SqliteConnection, connection::SimpleConnection as _, prelude::*};

use crate::Outcome;

diesel::table! {
    tastypie_apiaccess (id) {
        id -> BigInt,
        url -> Text,
    }
}

/// A database of a test's own, gone at its end.
pub enum Store {
    Sqlite(PathBuf),
    Postgres { server: String, name: String },
}

impl Store {
    pub fn sqlite() -> Outcome<Self> {
        let name = format!("tastyrs-long-{}-{}.sqlite3", process::id(), count());
        let path = std::env::temp_dir().join(name);
        Ok(Self::Sqlite(path))
    }

    pub fn postgres() -> Outcome<Self> {
        let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
        let name = format!("tastyrs_long_{}_{}", process::id(), count());
        let mut admin = PgConnection::establish(&format!("{server}/postgres"))?;
        admin.batch_execute(&format!("CREATE DATABASE {name}"))?;
        Ok(Self::Postgres { server, name })
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => path.to_string_lossy().into_owned(),
            Self::Postgres { server, name } => format!("{server}/{name}"),
        }
    }

    /// The addresses of all rows.
    pub fn urls(&self) -> Outcome<HashSet<String>> {
        let urls = tastypie_apiaccess::table.select(tastypie_apiaccess::url);
        let urls: Vec<String> = match self {
            Self::Sqlite(_) => urls.load(&mut SqliteConnection::establish(&self.url())?)?,
            Self::Postgres { .. } => urls.load(&mut PgConnection::establish(&self.url())?)?,
        };
        let count = urls.len();
        let unique: HashSet<String> = urls.into_iter().collect();
        if unique.len() == count {
            Ok(unique)
        } else {
            Err("a call has two rows".into())
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(path) => {
                for behind in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{behind}", path.display()));
                }
            }
            Self::Postgres { server, name } => {
                if let Ok(mut admin) = PgConnection::establish(&format!("{server}/postgres")) {
                    let _ = admin
                        .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                }
            }
        }
    }
}

fn count() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}
