// What the examples of this book share: three tables, their models, and a database of them in memory.

use actix_web::{App, test::TestRequest};
use chrono::NaiveDateTime;
use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::prelude::*;

type Db = Sqlite;

diesel::table! {
    author (id) {
        id -> Integer,
        name -> Text,
        email -> Text,
        password -> Text,
    }
}

diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
        slug -> Text,
        content -> Text,
        is_active -> Bool,
        created -> Timestamp,
    }
}

diesel::table! {
    subject (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    subject_notes (id) {
        id -> Integer,
        subject_id -> Integer,
        note_id -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(author, note, subject, subject_notes);

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = author, check_for_backend(Db))]
struct Author {
    id: i32,
    name: String,
    email: String,
    password: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(absolute_url = Self::address)]
struct Note {
    id: i32,
    #[model(foreign_key)]
    author_id: Option<i32>,
    /// What the note is called.
    #[model(max_length = 100)]
    title: String,
    slug: String,
    #[model(blank)]
    content: String,
    #[model(default = true)]
    is_active: bool,
    #[model(default = now)]
    created: NaiveDateTime,
}

impl Note {
    fn address(&self) -> String {
        format!("/read/{}/", self.slug)
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Subject {
    id: i32,
    name: String,
}

// Two authors, three notes, two subjects.
fn library() -> Result<Database<Db>> {
    let database = Database::<Db>::open(":memory:")?;
    database.transaction(|db| {
        Ok(db.batch_execute(
            "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL,
                                  password text NOT NULL);
             CREATE TABLE note (id integer PRIMARY KEY, author_id integer REFERENCES author (id),
                                title text NOT NULL, slug text NOT NULL, content text NOT NULL,
                                is_active bool NOT NULL, created datetime NOT NULL);
             CREATE TABLE subject (id integer PRIMARY KEY, name text NOT NULL);
             CREATE TABLE subject_notes (id integer PRIMARY KEY, subject_id integer NOT NULL,
                                         note_id integer NOT NULL);
             INSERT INTO author VALUES (1, 'Ada', 'ada@example.org', 'a'), (2, 'Brian', 'b@example.org', 'b');
             INSERT INTO note VALUES
                 (1, 1, 'Bread', 'bread', 'flour and rye', true, '2010-03-19 01:18:01'),
                 (2, 2, 'Cider', 'cider', 'apples', true, '2011-04-20 02:19:02.500000'),
                 (3, NULL, 'Mint', 'mint', 'mint and honey', false, '2012-05-21 03:20:03');
             INSERT INTO subject VALUES (1, 'Baking'), (2, 'Drinks');
             INSERT INTO subject_notes VALUES (1, 1, 1), (2, 2, 2), (3, 2, 3);",
        )?)
    })?;
    Ok(database)
}

// What an API, mounted below `/api`, answers to GET: the status, and the body.
async fn get(api: &tastyrs::api::Mount, path: &str) -> (u16, String) {
    answered(api, TestRequest::get().uri(path)).await
}

// What it answers to another method, whose body is JSON.
async fn send(api: &tastyrs::api::Mount, method: Method, path: &str, body: &'static str) -> (u16, String) {
    let request = TestRequest::default().method(method).uri(path);
    answered(api, request.insert_header(("content-type", "application/json")).set_payload(body)).await
}

async fn answered(api: &tastyrs::api::Mount, request: TestRequest) -> (u16, String) {
    let app = actix_web::test::init_service(App::new().service(api.scope("/api"))).await;
    let answer = actix_web::test::call_service(&app, request.to_request()).await;
    let status = answer.status().as_u16();
    let body = actix_web::test::read_body(answer).await;
    (status, String::from_utf8_lossy(&body).into_owned())
}
