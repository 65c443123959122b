//! A small library of notes, and ways to call it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::prelude::*;

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

/// A file that is removed when the test ends.
pub struct TemporaryFile(pub PathBuf);

impl TemporaryFile {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("tastyrs-{}-{count}-{name}", std::process::id())))
    }

    pub fn path(&self) -> &str {
        self.0
            .to_str()
            .expect("the temporary directory has a plain name")
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

/// A database with `notes` notes by three authors on two subjects each.
pub fn library(file: &TemporaryFile, notes: i32, options: DatabaseOptions) -> Database<Db> {
    let database = Database::<Db>::open_with(file.path(), options).unwrap();
    database
        .transaction(|db| {
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
        .unwrap();
    database
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answered {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Sends bytes to a port of this machine and reads until the other side closes.
pub fn send(port: u16, request: &[u8]) -> Answered {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Answered {
        status: status.unwrap_or(0),
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

/// GET of a path.
pub fn get(port: u16, path: &str) -> Answered {
    send(
        port,
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes(),
    )
}

/// A server in this process, which ends with the test.
pub struct Served {
    pub port: u16,
    handle: actix_web::dev::ServerHandle,
}

impl Served {
    /// Serves an API below `/api`.
    pub fn api(api: tastyrs::api::Mount, workers: usize) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = actix_web::HttpServer::new(move || {
                    actix_web::App::new().service(api.scope("/api"))
                })
                .workers(workers)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let port = server.addrs()[0].port();
                let server = server.run();
                sender.send((port, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (port, handle) = receiver.recv().unwrap();
        Self { port, handle }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}
