//! How many queries a request costs, and what they may see.

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{
    Instrumentation, InstrumentationEvent, SimpleConnection as _, set_default_instrumentation,
};
use tastyrs::prelude::*;

use crate::support::{
    Author, AuthorResource, Db, Note, NoteResource, Served, SubjectResource, TemporaryFile, get,
    library, send,
};

/// Queries that were started on the file of the test that counts.
static QUERIES: AtomicUsize = AtomicUsize::new(0);
/// The name of that file; other tests run beside it.
const COUNTED: &str = "counted-queries.db";

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "authors", excludes(password), authorization = Authorization)]
struct OpenAuthorResource;

/// A resource that shows its reference as a plain number.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", authorization = Authorization)]
struct PlainNoteResource;

#[derive(Default)]
struct Count {
    counts: bool,
}

impl Instrumentation for Count {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.counts = url.contains(COUNTED);
            }
            InstrumentationEvent::StartQuery { query, .. }
                if self.counts && query.to_string().starts_with("SELECT") =>
            {
                QUERIES.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that Diesel asks for")]
fn counting() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(Count::default()))
}

fn served(file: &TemporaryFile, notes: i32) -> Served {
    let database = library(file, notes, DatabaseOptions::default().max_connections(2));
    let api = Api::new("v1")
        .database(database)
        .register(AuthorResource)
        .register(NoteResource::new())
        .register(SubjectResource)
        .build()
        .unwrap();
    Served::api(api, 1)
}

#[test]
fn a_page_costs_two_queries_at_most_and_one_a_relation_whatever_its_length() {
    set_default_instrumentation(counting).unwrap();
    let file = TemporaryFile::new(COUNTED);
    let notes = served(&file, 200);
    let cost = |path: &str| {
        let before = QUERIES.load(Ordering::SeqCst);
        assert_eq!(get(notes.port, path).status, 200);
        QUERIES.load(Ordering::SeqCst) - before
    };

    assert_eq!(cost("/api/v1/notes/?limit=1"), 4);
    assert_eq!(cost("/api/v1/notes/?limit=200"), 4);
    assert_eq!(
        cost("/api/v1/notes/?limit=10&author__name=ada&subjects__name=baking&order_by=author"),
        4
    );
    assert_eq!(cost("/api/v1/authors/?limit=2"), 2);
    assert_eq!(cost("/api/v1/authors/?offset=3"), 2);
    // How many there are is told by the last page.
    assert_eq!(cost("/api/v1/notes/?limit=200&offset=1"), 3);
    assert_eq!(cost("/api/v1/authors/?limit=0"), 1);
    assert_eq!(cost("/api/v1/authors/?name=nobody"), 1);
    assert_eq!(cost("/api/v1/notes/7/"), 3);
}

#[test]
fn a_column_that_is_not_shown_can_neither_be_filtered_nor_ordered_by() {
    let file = TemporaryFile::new("hidden.db");
    let notes = served(&file, 3);

    for path in [
        "/api/v1/authors/?password__startswith=a",
        "/api/v1/notes/?author__password__startswith=a",
        "/api/v1/notes/?order_by=author__password",
        "/api/v1/notes/?order_by=author__name",
    ] {
        let answer = get(notes.port, path);
        let ignored = path.starts_with("/api/v1/authors/");
        assert_eq!(
            answer.status,
            if ignored { 200 } else { 400 },
            "{path}: {}",
            answer.body
        );
        assert!(!answer.body.contains("\"password\""), "{path}");
    }
}

#[test]
fn a_filter_through_many_to_many_finds_a_row_once() {
    let file = TemporaryFile::new("once.db");
    let notes = served(&file, 9);

    let answer = get(
        notes.port,
        "/api/v1/notes/?subjects__name__in=baking,drinks,leftovers&limit=1",
    );

    assert!(
        answer.body.contains("\"total_count\": 9"),
        "{}",
        answer.body
    );
}

#[test]
fn like_characters_are_letters_like_others() {
    let file = TemporaryFile::new("like.db");
    let notes = served(&file, 9);

    for wanted in ["%25", "_ote", "note%25", "%5C"] {
        let answer = get(
            notes.port,
            &format!("/api/v1/notes/?title__contains={wanted}"),
        );
        assert!(
            answer.body.contains("\"total_count\": 0"),
            "{wanted}: {}",
            answer.body
        );
    }
}

#[test]
fn constraints_that_wait_for_the_end_of_the_transaction_are_told_as_others_are() {
    let file = TemporaryFile::new("deferred.db");
    let database = Database::<Db>::open(file.path()).unwrap();
    let tables = "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL, password text NOT NULL DEFAULT '');
         CREATE TABLE note (id integer PRIMARY KEY,
                            author_id integer REFERENCES author (id) DEFERRABLE INITIALLY DEFERRED,
                            title text NOT NULL, created datetime NOT NULL);
         INSERT INTO author VALUES (1, 'ada', 'a');
         INSERT INTO note VALUES (1, 1, 'one', '2010-03-19 01:18:01');";
    database.run(|db| Ok(db.batch_execute(tables)?)).unwrap();
    let api = Api::new("v1")
        .database(database)
        .register(OpenAuthorResource)
        .register(PlainNoteResource)
        .build()
        .unwrap();
    let served = Served::api(api, 1);
    let body = r#"{"author_id": 9, "title": "two"}"#;
    let asked = |method: &str, path: &str, body: &str| {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
        let length = body.len();
        let rest =
            format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        send(served.port, (head + &rest).as_bytes())
    };

    let refers = asked("POST", "/api/v1/notes/", body);
    let referred_to = asked("DELETE", "/api/v1/authors/1/", "");

    assert_eq!(
        (refers.status, referred_to.status),
        (409, 409),
        "{refers:?} {referred_to:?}"
    );
    let nothing = "The 'author_id' field refers to an object that does not exist.";
    assert!(refers.body.contains(nothing), "{}", refers.body);
    assert!(
        referred_to
            .body
            .contains("Other objects still refer to this one."),
        "{}",
        referred_to.body
    );
    assert_eq!(get(served.port, "/api/v1/authors/1/").status, 200);
}
