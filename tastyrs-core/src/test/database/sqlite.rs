//! Databases of SQLite.

use diesel::{
    QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    row::{Field as _, NamedRow},
    sqlite::{Sqlite, SqliteType},
};
use serde_json::Value;

use super::{Removal, TestDatabase, name};
use crate::errors::Error;

impl TestDatabase<Sqlite> {
    /// An empty database in memory, in one connection: requests come one after another.
    pub fn in_memory() -> Self {
        Self::at(":memory:".to_owned(), Removal::default())
    }

    /// An empty database in a file of its own, for many connections.
    ///
    /// # Panics
    ///
    /// Where the directory for temporary files has no name in UTF-8.
    #[track_caller]
    pub fn temporary() -> Self {
        let file = std::env::temp_dir().join(format!("{}.sqlite3", name()));
        let Some(url) = file.to_str().map(ToOwned::to_owned) else {
            panic!("{} is no name in UTF-8", file.display());
        };
        let removed = url.clone();
        Self::at(
            url,
            Removal::new(move || {
                for suffix in ["", "-wal", "-shm"] {
                    // What cannot be removed harms nobody, and the test has its verdict.
                    let _ = std::fs::remove_file(format!("{removed}{suffix}"));
                }
            }),
        )
    }

    /// A database of its own in the state of this one, which must be in a file and must not be written to at the
    /// same time.
    ///
    /// # Panics
    ///
    /// Where the file cannot be copied, as one in memory.
    #[must_use]
    #[track_caller]
    pub fn copy(&self) -> Self {
        if self.database.get().is_some() {
            // What a write-ahead log holds goes into the file.
            self.run(|db| Ok(db.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?));
        }
        let copy = Self::temporary().options(self.options.clone());
        match std::fs::copy(&self.url, &copy.url) {
            Ok(_) => copy,
            Err(error) => panic!("{} cannot be copied: {error}", self.url),
        }
    }

    /// The rows of any query, as JSON shows them: a list of lists.
    ///
    /// # Panics
    ///
    /// With what the database says, and where a cell holds bytes.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Value {
        let rows = self.run(|db| {
            let rows = diesel::sql_query(sql).load::<Row>(db);
            rows.map_err(Error::database("running the query of a test"))
        });
        rows.into_iter().map(|row| Value::Array(row.0)).collect()
    }
}

/// A row of any query.
struct Row(Vec<Value>);

impl QueryableByName<Sqlite> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> diesel::deserialize::Result<Self> {
        let mut cells = Vec::with_capacity(row.field_count());
        for place in 0..row.field_count() {
            let field = diesel::row::Row::get(row, place).ok_or("a row is shorter than it says")?;
            cells.push(match field.value() {
                None => Value::Null,
                Some(mut value) => match value.value_type() {
                    Some(SqliteType::Long) => value.read_long().into(),
                    Some(SqliteType::Double) => value.read_double().into(),
                    Some(SqliteType::Text) => value.read_text().into(),
                    other => return Err(format!("a cell holds {other:?}").into()),
                },
            });
        }
        Ok(Self(cells))
    }
}
