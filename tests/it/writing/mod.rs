//! What clients write: objects and lists of them, with what they refer to.
//!
//! - `models`, `resources`: books, and what belongs to them
//! - `create`, `update`, `partial`, `lists`, `deletes`: the verbs
//! - `batches`: objects of a list that share statements
//! - `values`: what may stand in a column
//! - `relations`, `nested`, `reverse`, `owners`: objects that are sent with others, and whose they are
//! - `conflicts`: what goes against other rows
//! - `hooks`: what a resource does itself
//! - `objects`: sources without a table
//! - `limits`, `hostile`, `together`: too much, anything at all, and many at once

mod batches;
mod conflicts;
mod create;
mod deletes;
mod hooks;
mod hostile;
mod limits;
mod lists;
mod models;
mod nested;
mod objects;
mod owners;
mod partial;
mod relations;
mod resources;
mod reverse;
mod together;
mod update;
mod values;

use diesel::connection::SimpleConnection as _;
use serde_json::{Value, json};
use tastyrs::{
    api::Mount,
    prelude::{Api, Method},
    test::{TestApiClient, TestDatabase, TestResponse},
};

use models::{Db, TABLES};
use resources::Words;

fn api(database: &TestDatabase<Db>, words: &Words) -> Mount {
    Api::new("v1")
        .database(database.database())
        .register(resources::WriterResource::new())
        .register(resources::TopicResource)
        .register(resources::ChapterResource::new())
        .register(resources::LoanResource::new())
        .register(resources::BookResource::new())
        .register(resources::PlainResource)
        .register(resources::NodeResource::new())
        .register(resources::ItemResource)
        .register(resources::WordResource::new(words.clone()))
        .register(resources::FixedResource::new(words.clone()))
        .build()
        .unwrap()
}

/// Two books in memory, with what belongs to them.
struct Books {
    client: TestApiClient,
    database: TestDatabase<Db>,
    words: Words,
    /// What the header `X-User` says.
    user: &'static str,
}

impl Books {
    async fn new() -> Self {
        Self::of(TestDatabase::in_memory()).await
    }

    async fn of(database: TestDatabase<Db>) -> Self {
        let database = database.sql(TABLES);
        let words = Words::default();
        Self {
            client: TestApiClient::new(&api(&database, &words)).await,
            database,
            words,
            user: "",
        }
    }

    /// Calls as somebody from now on: `1`, or `1 editor`.
    fn by(self, user: &'static str) -> Self {
        Self { user, ..self }
    }

    async fn send(&self, method: Method, path: &str, body: impl Into<String>) -> TestResponse {
        self.client
            .request(method, address(path))
            .header("x-user", self.user)
            .header("content-type", "application/json")
            .body(body.into())
            .await
    }

    async fn post(&self, path: &str, data: Value) -> TestResponse {
        self.send(Method::POST, path, data.to_string()).await
    }

    async fn put(&self, path: &str, data: Value) -> TestResponse {
        self.send(Method::PUT, path, data.to_string()).await
    }

    async fn patch(&self, path: &str, data: Value) -> TestResponse {
        self.send(Method::PATCH, path, data.to_string()).await
    }

    async fn delete(&self, path: &str) -> TestResponse {
        self.send(Method::DELETE, path, "").await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, "").await;
        answer.assert_http_ok().json()
    }

    fn run(&self, sql: &str) {
        self.database.run(|db| Ok(db.batch_execute(sql)?));
    }

    /// The only cell of a query's only row.
    #[track_caller]
    fn one(&self, sql: &str) -> Value {
        let rows = self.database.rows(sql);
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{sql}: {rows}");
        rows[0][0].clone()
    }

    /// What was done to rows so far.
    fn log(&self) -> Vec<String> {
        let rows = self.database.rows("SELECT what FROM log ORDER BY id");
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row[0].as_str().unwrap().to_owned())
            .collect()
    }

    /// All that the tables hold, to see that nothing changed.
    fn everything(&self) -> Value {
        let tables = [
            "writer",
            "book",
            "topic",
            "book_topics",
            "chapter",
            "loan",
            "node",
            "log",
        ];
        let rows = tables.map(|table| {
            self.database
                .rows(&format!("SELECT * FROM {table} ORDER BY 1"))
        });
        json!(rows)
    }
}

fn address(path: &str) -> String {
    format!("/api/v1/{path}")
}

/// What a book needs, and more.
fn a_book(more: Value) -> Value {
    let mut book = json!({"slug": "new", "title": "New", "pages": 5});
    let (Value::Object(all), Value::Object(more)) = (&mut book, more) else {
        panic!("a book is an object");
    };
    all.extend(more);
    book
}

/// Asserts that a request was wrong, and that the answer says what is.
#[track_caller]
fn refused(answer: &TestResponse, status: u16, says: &str) {
    assert_eq!(answer.status(), status, "{answer}");
    assert!(
        answer.text().contains(says),
        "{answer}\n  does not say {says}"
    );
}
