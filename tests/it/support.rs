//! A small library of notes, and requests with a body.

use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::{
    prelude::*,
    test::{LiveServer, TestDatabase, TestResponse, send},
};

pub type Db = Sqlite;

diesel::table! {
    author (id) {
        id -> Integer,
        name -> Text,
        password -> Text,
    }
}

diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
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

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = author, check_for_backend(Db))]
pub struct Author {
    pub id: i32,
    pub name: String,
    pub password: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
pub struct Note {
    pub id: i32,
    pub author_id: Option<i32>,
    pub title: String,
    #[model(default = now)]
    pub created: chrono::NaiveDateTime,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
pub struct Subject {
    pub id: i32,
    pub name: String,
}

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "authors", excludes(password), filtering(name = ALL))]
pub struct AuthorResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    filtering(title = ALL, created = ALL, author = ALL_WITH_RELATIONS, subjects = ALL_WITH_RELATIONS),
    ordering(title, author, created)
)]
pub struct NoteResource {
    #[field(attribute = author_id, null, full)]
    author: ToOne<AuthorResource>,
    #[field(through = subject_notes, null, full)]
    subjects: ToMany<SubjectResource>,
}

#[derive(ModelResource)]
#[resource(model = Subject, resource_name = "subjects", filtering(name = ALL))]
pub struct SubjectResource;

/// Fills a database with `notes` notes by three authors on two subjects each.
pub fn library(database: TestDatabase<Db>, notes: i32) -> TestDatabase<Db> {
    database.fill(|db| {
        db.immediate_transaction(|db| {
            db.batch_execute(
                "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL, password text NOT NULL);
                 CREATE TABLE note (id integer PRIMARY KEY, author_id integer REFERENCES author (id),
                                    title text NOT NULL, created datetime NOT NULL);
                 CREATE TABLE subject (id integer PRIMARY KEY, name text NOT NULL);
                 CREATE TABLE subject_notes (id integer PRIMARY KEY, subject_id integer NOT NULL REFERENCES subject (id),
                                             note_id integer NOT NULL REFERENCES note (id));
                 INSERT INTO author VALUES (1, 'ada', 'a'), (2, 'brian', 'b'), (3, 'chloé', 'c');
                 INSERT INTO subject VALUES (1, 'baking'), (2, 'drinks'), (3, 'leftovers');",
            )?;
            for id in 1..=notes {
                db.batch_execute(&format!(
                    "INSERT INTO note VALUES ({id}, {}, 'note {id}', '2010-03-19 01:18:01');
                     INSERT INTO subject_notes (subject_id, note_id) VALUES ({}, {id}), ({}, {id});",
                    id % 3 + 1,
                    id % 3 + 1,
                    (id + 1) % 3 + 1,
                ))?;
            }
            Ok(())
        })
    })
}

/// An API of the library's authors, notes and subjects.
pub fn library_api(name: &str, library: &TestDatabase<Db>) -> Api {
    Api::new(name)
        .database(library.database())
        .register(AuthorResource)
        .register(NoteResource::new())
        .register(SubjectResource)
}

/// Asks with a body of JSON.
pub fn with_body(served: &LiveServer, method: &str, path: &str, body: &str) -> TestResponse {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    send(served.address(), (head + body).as_bytes())
}
