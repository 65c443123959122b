//! Whatever is stored and whatever is sent: what GET gives, PUT takes, and nobody writes what is not theirs.
//!
//! - `put`: what GET gives, PUT takes, and nothing changes
//! - `rows`: rows of any content, to be read and put back
//! - `writes`: no sequence of requests writes a column that is excluded, read-only or another owner's
//! - `requests`: requests of any shape
//!
//! All of it through the kitchen, in process, each case on a copy of the fixture.

mod put;
mod requests;
mod rows;
mod writes;

use std::sync::OnceLock;

use diesel::sqlite::Sqlite;
use proptest::test_runner::Config;
use serde_json::Value;
use tastyrs::test::{TestApiClient, TestDatabase, create_apikey};

use crate::{conformance::database::fixture, kitchen::api};

/// The kitchen on a database of its own.
struct Kitchen {
    client: TestApiClient,
    database: TestDatabase<Sqlite>,
}

impl Kitchen {
    /// Opens it, with these statements run before.
    async fn open(statements: &str) -> Self {
        static FIXTURE: OnceLock<TestDatabase<Sqlite>> = OnceLock::new();
        let database = FIXTURE.get_or_init(fixture).copy().sql(statements);
        let client = TestApiClient::new(&api::build(database.url()).unwrap()).await;
        Self { client, database }
    }

    /// The rows that a query finds, by its own name.
    fn rows(&self, queries: &[&str]) -> Vec<Value> {
        queries
            .iter()
            .map(|query| self.database.rows(query))
            .collect()
    }
}

/// The key of `ada`, who is user 1.
fn ada() -> String {
    create_apikey("ada", "9e52503a0984e613e6ed5f6f9a3cf0b93b2d826b")
}

/// Each case opens a kitchen: fewer than usual, and they are not written down.
fn config() -> Config {
    Config {
        cases: 16,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    }
}
