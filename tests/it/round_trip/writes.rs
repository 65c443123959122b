//! No sequence of requests writes a column that is excluded, read-only or another owner's.

use actix_web::http::Method;
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::{
    Kitchen, ada, config,
    requests::{Write, write},
};

/// The accounts: no resource writes them, and their columns for passwords and rights are not even shown.
const ACCOUNTS: [&str; 2] = [
    "SELECT * FROM auth_user ORDER BY id",
    "SELECT * FROM tastypie_apikey ORDER BY id",
];

/// What is not of `ada`, who is user 1: other notes, and what hangs on them.
const OTHERS: [&str; 6] = [
    "SELECT * FROM kitchen_note WHERE author_id IS NOT 1 ORDER BY id",
    "SELECT m.* FROM kitchen_mediabit m LEFT JOIN kitchen_note n ON n.id = m.note_id
     WHERE n.author_id IS NOT 1 ORDER BY m.id",
    "SELECT l.subject_id, l.note_id FROM kitchen_subject_notes l JOIN kitchen_note n ON n.id = l.note_id
     WHERE n.author_id IS NOT 1 ORDER BY 1, 2",
    "SELECT * FROM kitchen_subject ORDER BY id",
    "SELECT * FROM kitchen_category ORDER BY id",
    "SELECT * FROM kitchen_measurement ORDER BY id",
];

/// All notes.
const NOTES: [&str; 1] = ["SELECT * FROM kitchen_note ORDER BY id"];

/// Open to everybody, and related to accounts near or far.
const OPEN: [&str; 9] = [
    "notes",
    "fullnotes",
    "subjects",
    "mediabits",
    "mediabits_lite",
    "slugnotes",
    "hooked",
    "validated",
    "auth/user",
];

/// Read-only, or shut to everybody.
const READ_ONLY: [&str; 8] = [
    "auth/user",
    "basic",
    "brief",
    "cached",
    "guarded",
    "shut",
    "shutuntil",
    "unlimited",
];

impl Kitchen {
    /// Sends them one after another, as `ada` where the resource asks who calls; gives what these queries find before
    /// and after, and how many answers were a success.
    async fn send(&self, writes: &[Write], queries: &[&str]) -> (Vec<Value>, Vec<Value>, usize) {
        let before = self.rows(queries);
        let mut taken = 0;
        for write in writes {
            let mut request = self
                .client
                .request(write.method.clone(), format!("/api/v1/{}", write.path))
                .authentication(ada())
                .header("Content-Type", "application/json")
                .body(write.body.to_string());
            if let (&Method::POST, Some(method)) = (&write.method, write.instead_of_post) {
                request = request.header("X-HTTP-Method-Override", method);
            }
            let answer = request.await;
            // As in Tastypie, nothing can be posted to an object.
            let not_there = write.to_detail && write.method == Method::POST;
            assert!(
                answer.status() < 500 || (not_there && answer.status() == 501),
                "{answer}"
            );
            taken += usize::from(answer.status() < 300);
        }
        (before, self.rows(queries), taken)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_writes_what_is_another_owners(writes in vec(write(&["keyed"]), 1..10)) {
        actix_web::rt::System::new().block_on(async {
            let kitchen = Kitchen::open("").await;

            let (before, after, _) = kitchen.send(&writes, &[&OTHERS[..], &ACCOUNTS[..]].concat()).await;

            assert_eq!(after, before);
        });
    }

    #[test]
    fn nobody_writes_an_account(writes in vec(write(&OPEN), 1..10)) {
        actix_web::rt::System::new().block_on(async {
            let kitchen = Kitchen::open("").await;

            let (before, after, _) = kitchen.send(&writes, &ACCOUNTS).await;

            assert_eq!(after, before);
        });
    }

    #[test]
    fn nobody_writes_what_is_read_only(writes in vec(write(&READ_ONLY), 1..10)) {
        actix_web::rt::System::new().block_on(async {
            let kitchen = Kitchen::open("").await;

            let (before, after, _) = kitchen.send(&writes, &[&OTHERS[..], &ACCOUNTS[..], &NOTES[..]].concat()).await;

            assert_eq!(after, before);
        });
    }
}

/// The requests above would prove nothing if all were refused.
#[actix_web::test]
async fn requests_like_these_are_taken_where_they_may_be() {
    let kitchen = Kitchen::open("").await;
    let one = |method: Method, path: &str, body: Value| Write {
        method,
        to_detail: false,
        path: path.to_owned(),
        instead_of_post: None,
        body,
    };
    let whole = serde_json::json!({
        "title": "T", "slug": "t", "created": "2012-01-02T03:04:05", "id": 1, "author": "/api/v1/auth/user/2/",
        "password": "x",
    });
    let part = serde_json::json!({"title": "P", "author_id": 2, "author": {"username": "x"}});
    let writes = [
        one(Method::PATCH, "keyed/5/", part),
        one(Method::DELETE, "keyed/10/", Value::Null),
        one(
            Method::PUT,
            "keyed/15/",
            serde_json::json!({"title": "T", "slug": "t", "created": "2012-01-02T03:04:05"}),
        ),
    ];

    let (before, after, taken) = kitchen.send(&writes, &OTHERS).await;
    let (_, still, _) = kitchen
        .send(&[one(Method::POST, "keyed/", whole)], &OTHERS)
        .await;

    assert_eq!(taken, 3);
    assert_eq!(after, before);
    assert_eq!(still, before);
    assert_eq!(
        kitchen
            .database
            .rows("SELECT title, author_id FROM kitchen_note WHERE id IN (5, 10, 15)"),
        serde_json::json!([["P", 1], ["T", 1]])
    );
}
