//! What GET gives, PUT takes, and nothing changes.

use proptest::prelude::*;
use serde_json::Value;
use tastyrs::test::{create_apikey, create_basic};

use super::{
    Kitchen, ada, config,
    rows::{NOTE, measurement, note},
};

/// The resources that take a PUT, and the objects that are put back.
fn put_back() -> Vec<(&'static str, Vec<String>)> {
    let number = |ids: &[i32]| ids.iter().map(ToString::to_string).collect();
    vec![
        ("notes", number(&[NOTE, 6])),
        // Only one without an author: the nested user may not be written.
        ("fullnotes", number(&[6, 60])),
        ("subjects", number(&[1, 6])),
        ("mediabits", number(&[1, 5])),
        ("mediabits_lite", number(&[1, 5])),
        ("measurements", number(&[NOTE, 2])),
        ("categories", number(&[6, 1])),
        ("keyed", number(&[NOTE])),
        ("multi", number(&[NOTE])),
        ("validated", number(&[NOTE])),
        ("throttled", number(&[NOTE])),
        ("dbthrottled", number(&[NOTE])),
        ("quick", number(&[NOTE])),
        ("forgetful", number(&[NOTE])),
        ("limited", number(&[NOTE, 6])),
        ("feeds", number(&[1, 6])),
        ("jsononly", number(&[1, 6])),
        ("memory", number(&[1, 2])),
    ]
}

/// Those that take a PUT and are looked at apart.
const APART: [&str; 2] = ["hooked", "slugnotes"];

/// Those that take none: only GET, read-only, or shut to everybody.
const NO_PUT: [&str; 10] = [
    "auth/user",
    "basic",
    "brief",
    "cached",
    "guarded",
    "rfcdates",
    "shut",
    "shutuntil",
    "strictdates",
    "unlimited",
];

/// All that a PUT could change, but the time of the change.
const ROWS: [&str; 7] = [
    "SELECT * FROM auth_user ORDER BY id",
    "SELECT id, author_id, title, slug, content, is_active, created FROM kitchen_note ORDER BY id",
    "SELECT * FROM kitchen_subject ORDER BY id",
    "SELECT subject_id, note_id FROM kitchen_subject_notes ORDER BY 1, 2",
    "SELECT * FROM kitchen_mediabit ORDER BY id",
    "SELECT * FROM kitchen_measurement ORDER BY id",
    "SELECT * FROM kitchen_category ORDER BY id",
];

/// An object without the times of its change, and that of whatever is in it; and without the length of a title, which may
/// grow when it is shouted.
fn compared(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .filter(|(name, _)| !["updated", "title_length"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), compared(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(compared).collect(),
        other => other.clone(),
    }
}

/// Who may call a resource.
fn credentials(resource: &str) -> String {
    match resource {
        "multi" => create_basic("ada", "secret-1"),
        "dbthrottled" => create_apikey("brian", "a90dff8ba6472d733cb0a37734fe28a8078f8444"),
        _ => ada(),
    }
}

impl Kitchen {
    /// Puts back what GET gives; gives what is compared of what GET gives before and after.
    async fn round(&self, place: u8, resource: &str, id: &str) -> (Value, Value) {
        let uri = format!("/api/v1/{resource}/{id}/");
        // Each comes from elsewhere, or the limit of one would be that of all.
        let peer = [192, 0, 2, place];
        let as_caller = credentials(resource);
        let get = |peer| self.client.get(&uri).authentication(&as_caller).peer(peer);

        let got = get(peer).await;
        let before = got.assert_http_ok().json();
        // As it came, digit by digit.
        let put = self
            .client
            .put(&uri)
            .authentication(&as_caller)
            .peer(peer)
            .body(got.body().to_vec())
            .await;
        assert!(matches!(put.status(), 200 | 204), "{put}");
        // `quick` lets two through.
        let after = get([198, 51, 100, place]).await.assert_http_ok().json();

        if put.status() == 200 {
            assert_eq!(compared(&put.json()), compared(&before), "{uri}");
        }
        (compared(&before), compared(&after))
    }

    async fn what_get_gives_put_takes(&self) {
        for (place, (resource, ids)) in (1_u8..).zip(put_back()) {
            for id in ids {
                let rows = self.rows(&ROWS);

                let (before, after) = self.round(place, resource, &id).await;

                assert_eq!(after, before, "{resource} {id}");
                assert_eq!(self.rows(&ROWS), rows, "{resource} {id}");
            }
        }
        let rows = self.rows(&ROWS);
        let slug = self
            .database
            .rows(&format!("SELECT slug FROM kitchen_note WHERE id = {NOTE}"));
        let slug = slug[0][0].as_str().unwrap();
        let (before, after) = self.round(100, "slugnotes", slug).await;
        assert_eq!(after, before, "slugnotes {slug}");
        assert_eq!(self.rows(&ROWS), rows, "slugnotes {slug}");
    }

    /// Shouted once, a title is stored as it was shouted.
    async fn what_hooks_made_of_it_is_taken_too(&self) {
        let (before, after) = self.round(101, "hooked", &NOTE.to_string()).await;
        assert_eq!(after, before);
    }

    /// The nested author is of a resource that is read-only: refused or taken as it is, it stays.
    async fn a_nested_object_that_may_not_be_written_stays(&self) {
        let uri = format!("/api/v1/fullnotes/{NOTE}/");
        let rows = self.rows(&ROWS);
        let before = self.client.get(&uri).await.assert_http_ok().json();

        let put = self.client.put(&uri).data(&before).await;

        assert!(matches!(put.status(), 200 | 401 | 403), "{put}");
        assert_eq!(self.rows(&ROWS), rows);
    }
}

#[actix_web::test]
async fn every_resource_is_put_back_or_takes_no_put() {
    let kitchen = Kitchen::open("").await;

    let index = kitchen.client.get("/api/v1/").await.json();

    let mut known: Vec<&str> = put_back().iter().map(|(resource, _)| *resource).collect();
    known.extend(APART);
    known.extend(NO_PUT);
    known.sort_unstable();
    let mut names: Vec<&str> = index
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, known);
}

#[actix_web::test]
async fn what_get_gives_of_the_fixture_put_takes() {
    let kitchen = Kitchen::open("").await;

    kitchen.what_get_gives_put_takes().await;
    kitchen
        .a_nested_object_that_may_not_be_written_stays()
        .await;
    kitchen.what_hooks_made_of_it_is_taken_too().await;
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_get_gives_of_any_row_put_takes(note in note(), measurement in measurement()) {
        actix_web::rt::System::new().block_on(async {
            let kitchen = Kitchen::open(&format!("{note}\n{measurement}")).await;
            kitchen.what_get_gives_put_takes().await;
            kitchen.a_nested_object_that_may_not_be_written_stays().await;
            kitchen.what_hooks_made_of_it_is_taken_too().await;
        });
    }
}
