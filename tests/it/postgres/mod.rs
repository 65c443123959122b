//! What a server of PostgreSQL does that a file of SQLite does not, where one answers.
//!
//! - `accesses`: what throttles write down
//! - `kitchen`: the example, on the fixture
//! - `lists`: pages and their totals, and how many round trips they take
//! - `columns`: every type of column that Django makes there
//! - `limits`: what takes too long, and who is in the way of others
//! - `constraints`: what goes against other rows, told when the transaction ends
//! - `export`: whole lists as files
//! - `restart`: a server that goes away and comes back
//! - `server`: a server of the tests' own
//! - `wire`: what goes over the wire, counted and cut

mod accesses;
mod columns;
mod constraints;
mod export;
mod kitchen;
mod limits;
mod lists;
mod restart;
mod server;
pub(crate) mod wire;

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
use tastyrs::test::{LiveServer, TestResponse};

use crate::support::with_body;

/// A database of a test's own, dropped when it ends.
pub(crate) struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// An empty database; without a server, nothing, which is a failure where `CI` is set.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(crate) fn new(tables: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
        if let Err(error) = PgConnection::establish(&format!("{server}/postgres")) {
            assert!(
                std::env::var_os("CI").is_none(),
                "PostgreSQL does not answer at {server}: {error}"
            );
            println!("skipped: PostgreSQL does not answer at {server}: {error}");
            return None;
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tastyrs_it_{}_{count}", std::process::id());
        Some(Self::on(&server, name, tables))
    }

    /// An empty database on a server that answers.
    fn on(server: &str, name: String, tables: &str) -> Self {
        let mut admin = PgConnection::establish(&format!("{server}/postgres")).unwrap();
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .unwrap();
        admin
            .batch_execute(&format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            ))
            .unwrap();
        // Whatever zone the server would use, moments are told in UTC.
        admin
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'"
            ))
            .unwrap();
        let scratch = Self {
            server: server.to_owned(),
            name,
        };
        scratch.execute(&format!("SET TIME ZONE 'UTC'; {tables}"));
        scratch
    }

    /// The fixture of the kitchen.
    fn kitchen() -> Option<Self> {
        Self::new(include_str!("../../conformance/kitchen.postgres.sql"))
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    fn connection(&self) -> PgConnection {
        PgConnection::establish(&self.url()).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.connection().batch_execute(sql).unwrap();
    }

    /// The only number that a query gives.
    pub(crate) fn number(&self, sql: &str) -> i32 {
        use diesel::{QueryableByName, RunQueryDsl as _, sql_types::Integer};

        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            number: i32,
        }
        let sql = format!("SELECT ({sql}) AS number");
        let row: Row = diesel::sql_query(sql)
            .get_result(&mut self.connection())
            .unwrap();
        row.number
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Ok(mut admin) = PgConnection::establish(&format!("{}/postgres", self.server)) {
            let _ = admin.batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ));
        }
    }
}

/// POST of a body of JSON.
fn post(served: &LiveServer, path: &str, body: &str) -> TestResponse {
    with_body(served, "POST", path, body)
}
