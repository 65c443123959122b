//! A write of one object that is one statement ends as the same write in a transaction.
//!
//! - `library`: the same notes twice, of which one resource has hooks and so a transaction
//! - `sqlite`, `postgres`: both on a database of each kind

macro_rules! library {
    ($db:ty) => {
        use tastyrs::{api::Mount, prelude::*};

        diesel::table! {
            author (id) {
                id -> Integer,
                name -> Text,
            }
        }

        diesel::table! {
            note (id) {
                id -> Integer,
                author_id -> Nullable<Integer>,
                editor_id -> Nullable<Integer>,
                shelf_id -> Nullable<Integer>,
                title -> Text,
                pages -> Integer,
            }
        }

        #[derive(Queryable, Selectable, Identifiable, Model)]
        #[diesel(table_name = author, check_for_backend($db))]
        struct Author {
            id: i32,
            name: String,
        }

        #[derive(Queryable, Selectable, Identifiable, Model)]
        #[diesel(table_name = note, check_for_backend($db))]
        struct Note {
            id: i32,
            author_id: Option<i32>,
            editor_id: Option<i32>,
            shelf_id: Option<i32>,
            #[model(max_length = 20)]
            title: String,
            #[model(default = 1)]
            pages: i32,
        }

        #[derive(ModelResource)]
        #[resource(model = Author, resource_name = "authors", authorization = Authorization)]
        struct AuthorResource;

        #[derive(ModelResource)]
        #[resource(model = Note, resource_name = "notes", max_limit = 0, authorization = Authorization)]
        struct NoteResource {
            #[field(attribute = author_id, null)]
            author: ToOne<AuthorResource>,
            #[field(attribute = editor_id, null)]
            editor: ToOne<AuthorResource>,
        }

        /// Whoever has hooks may look at anything, so that each write has its transaction.
        #[derive(ModelResource)]
        #[resource(model = Note, resource_name = "hooked", authorization = Authorization, hooks)]
        struct HookedResource {
            #[field(attribute = author_id, null)]
            author: ToOne<AuthorResource>,
            #[field(attribute = editor_id, null)]
            editor: ToOne<AuthorResource>,
        }

        impl Hooks for HookedResource {}

        pub(super) fn api(database: Database<$db>) -> Mount {
            Api::new("v1")
                .database(database)
                .register(AuthorResource)
                .register(NoteResource::new())
                .register(HookedResource::new())
                .build()
                .unwrap()
        }
    };
}

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use std::collections::BTreeSet;

use serde_json::Value;
use tastyrs::test::LiveServer;

use crate::support::with_body;

/// What is asked: the verb, the address behind that of the resource, and the body, in which `$n` is the address of an author.
const WRITES: [(&str, &str, &str); 51] = [
    ("POST", "", r#"{"title": "plain"}"#),
    ("POST", "", r#"{"title": "by one", "author": "$1"}"#),
    (
        "POST",
        "",
        r#"{"title": "by two", "author": "$2", "editor": "$1"}"#,
    ),
    ("POST", "", r#"{"title": "by nobody", "author": null}"#),
    ("POST", "", r#"{"title": "named", "id": 70}"#),
    ("POST", "", r#"{"title": "on a shelf", "shelf_id": 1}"#),
    // What is referred to is not there, or is no address.
    ("POST", "", r#"{"title": "by", "author": "$99"}"#),
    (
        "POST",
        "",
        r#"{"title": "by", "author": "$1", "editor": "$99"}"#,
    ),
    (
        "POST",
        "",
        r#"{"title": "by", "author": "$99999999999999999999"}"#,
    ),
    ("POST", "", r#"{"title": "by", "author": "$one"}"#),
    (
        "POST",
        "",
        r#"{"title": "by", "author": "/api/v1/notes/1/"}"#,
    ),
    ("POST", "", r#"{"title": "by", "author": ""}"#),
    ("POST", "", r#"{"title": "by", "author": 1}"#),
    ("POST", "", r#"{"title": "on", "shelf_id": 99}"#),
    // What is wrong with it itself; a reference that leads nowhere is told first.
    ("POST", "", "{}"),
    ("POST", "", r#"{"title": null, "author": "$99"}"#),
    (
        "POST",
        "",
        r#"{"title": "a title that is longer than twenty", "author": "$1"}"#,
    ),
    ("POST", "", r#"{"title": "many", "pages": "many"}"#),
    ("POST", "", r#"{"title": "few", "pages": -1}"#),
    ("POST", "", r#"{"title": "plain", "author": "$1"}"#),
    ("POST", "", r#"{"title": "named again", "id": 70}"#),
    ("POST", "", r#"["no object"]"#),
    // An object within it.
    (
        "POST",
        "",
        r#"{"title": "with", "author": {"name": "new"}}"#,
    ),
    ("POST", "", r#"{"title": "with it", "author": {"pk": 1}}"#),
    ("PUT", "1/", r#"{"title": "changed", "author": "$2"}"#),
    (
        "PUT",
        "1/",
        r#"{"title": "changed again", "id": 1, "author": null}"#,
    ),
    ("PUT", "1/", r#"{"pages": 7}"#),
    ("PUT", "1/", "{}"),
    ("PUT", "1/", r#"{"title": "by", "author": "$99"}"#),
    ("PUT", "1/", r#"{"title": "other", "id": 2}"#),
    ("PUT", "1/", r#"{"title": "by one"}"#),
    ("PUT", "1/", r#"{"shelf_id": 99}"#),
    ("PUT", "1/", r#"{"title": null}"#),
    ("PUT", "1/", r#"{"pages": -1}"#),
    ("PUT", "01/", r#"{"title": "at 01"}"#),
    ("PUT", "80/", r#"{"title": "put there", "author": "$1"}"#),
    ("PUT", "80/", r#"{"title": "put again", "author": "$2"}"#),
    ("PUT", "81/", r#"{"title": "put nowhere", "author": "$99"}"#),
    ("PUT", "one/", r#"{"title": "put"}"#),
    ("PUT", "99999999999999999999/", r#"{"title": "put"}"#),
    ("PATCH", "2/", r#"{"title": "patched"}"#),
    ("PATCH", "2/", r#"{"author": "$2"}"#),
    ("PATCH", "2/", r#"{"author": "$99"}"#),
    ("PATCH", "2/", r#"{"title": "by two"}"#),
    ("PATCH", "2/", "{}"),
    ("PATCH", "90/", r#"{"title": "patched"}"#),
    ("PATCH", "90/", "{}"),
    ("PATCH", "2/", r#""no object""#),
    ("DELETE", "3/", ""),
    ("DELETE", "3/", ""),
    ("DELETE", "one/", ""),
];

/// A body with the addresses of authors in it.
fn with_authors(body: &str) -> String {
    let mut parts = body.split('$');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str("/api/v1/authors/");
        whole.push_str(&part.replacen('"', "/\"", 1));
    }
    whole
}

/// All notes but for their keys, of which a database may leave some out.
fn rows(served: &LiveServer) -> Value {
    let list = served.get("/api/v1/notes/?limit=0");
    let mut list: Value = serde_json::from_str(list.text()).unwrap();
    for note in list["objects"].as_array_mut().unwrap() {
        let note = note.as_object_mut().unwrap();
        note.remove("id");
        note.remove("resource_uri");
    }
    list["objects"].take()
}

/// Writes to a resource without hooks on one server, and to one with them on another: all ends alike.
fn compare(alone: &LiveServer, hooked: &LiveServer) {
    let mut statuses = BTreeSet::new();
    for (method, path, body) in WRITES {
        let what = format!("{method} {path} {body}");
        let body = with_authors(body);

        let answer = with_body(alone, method, &format!("/api/v1/notes/{path}"), &body);
        let other = with_body(hooked, method, &format!("/api/v1/hooked/{path}"), &body);

        assert_eq!(answer.status(), other.status(), "{what}: {answer}");
        assert_eq!(answer.text(), other.text(), "{what}");
        assert_eq!(rows(alone), rows(hooked), "{what}");
        statuses.insert(answer.status());
    }
    let all = [201, 202, 204, 400, 404, 409];
    assert_eq!(statuses, BTreeSet::from(all));
}
