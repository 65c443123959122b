//! The database from which every case starts.

use diesel::sqlite::Sqlite;
use tastyrs::{prelude::*, test::TestDatabase};

/// Makes it anew; a case has a copy of its own.
pub(crate) fn fixture() -> TestDatabase<Sqlite> {
    // The recorder read the file as text, and so one kind of line ends.
    let rows = include_str!("../../conformance/kitchen.sqlite.sql").replace("\r\n", "\n");
    TestDatabase::temporary()
        .options(DatabaseOptions::default().write_ahead_log(false))
        // The tables may come in any order; and only one connection knows that.
        .sql(&format!(
            "PRAGMA foreign_keys=OFF; {rows} PRAGMA foreign_keys=ON;"
        ))
}
