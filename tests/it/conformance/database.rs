//! Copies of the fixture, and rows of any query.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use diesel::{
    connection::SimpleConnection,
    prelude::*,
    row::{Field, NamedRow},
    sqlite::{Sqlite, SqliteType},
};
use serde_json::Value;

/// The database from which every case starts.
#[derive(Debug)]
pub(crate) struct Fixture {
    file: PathBuf,
}

impl Fixture {
    /// Makes it anew.
    pub(crate) fn new() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("conformance-{}", std::process::id()));
        fs::create_dir_all(&home).expect("the directory for tests can be written");
        let file = home.join("fixture.sqlite3");
        let mut connection = open(&file);
        connection
            .batch_execute("PRAGMA foreign_keys=OFF")
            .expect("the tables may come in any order");
        // The recorder read the file as text, and so one kind of line ends.
        let rows = include_str!("../../conformance/kitchen.sqlite.sql").replace("\r\n", "\n");
        connection
            .batch_execute(&rows)
            .expect("the fixture is valid SQL");
        Self { file }
    }

    /// A database of one's own, in the state of the fixture.
    pub(crate) fn copy(&self, name: &str) -> io::Result<Database> {
        let file = self.file.with_file_name(format!("{name}.sqlite3"));
        fs::copy(&self.file, &file)?;
        Ok(Database { file })
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Some(home) = self.file.parent() {
            // What is left lies in the target directory and harms nobody.
            let _ = fs::remove_dir_all(home);
        }
    }
}

/// A copy of the fixture.
#[derive(Debug)]
pub(crate) struct Database {
    file: PathBuf,
}

impl Database {
    /// What the kitchen opens it by.
    pub(crate) fn url(&self) -> &str {
        self.file
            .to_str()
            .expect("the target directory has a name in UTF-8")
    }

    /// The rows of any query, as JSON shows them.
    pub(crate) fn rows(&self, sql: &str) -> QueryResult<Value> {
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut open(&self.file))?;
        Ok(rows.into_iter().map(|row| Value::Array(row.0)).collect())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

fn open(file: &Path) -> SqliteConnection {
    let url = file
        .to_str()
        .expect("the target directory has a name in UTF-8");
    SqliteConnection::establish(url).expect("a file in the target directory can be opened")
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
