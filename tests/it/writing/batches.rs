//! Objects of a list that share statements are what they would be one by one.

use serde_json::{Value, json};

use super::{Books, a_book};

/// Numbers that look like chance and are the same at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn slug(&mut self) -> String {
        format!("s{}", self.below(9))
    }

    fn object(&mut self, wrong: bool) -> Value {
        let uri = format!("/api/v1/plain/{}/", self.slug());
        match self.below(if wrong { 14 } else { 9 }) {
            0 | 1 => json!({"resource_uri": uri, "slug": self.slug(), "title": "renamed"}),
            2..5 => {
                json!({"resource_uri": uri, "title": format!("t{}", self.below(9)), "pages": 3})
            }
            5..8 => json!({"resource_uri": uri, "title": "made there", "pages": 4}),
            8 => json!({"resource_uri": uri, "title": "with", "pages": 1, "shelf_id": 1}),
            9 => a_book(json!({"slug": self.slug()})),
            10 => a_book(json!({"slug": format!("n{}", self.below(1_000)), "shelf_id": 99})),
            11 => json!({"resource_uri": uri, "title": "far too long for its column"}),
            12 => json!({"resource_uri": 7}),
            _ => json!({"resource_uri": uri, "pages": -70_000}),
        }
    }
}

async fn some_books() -> Books {
    let books = Books::new().await;
    let objects: Vec<Value> = (0..7)
        .map(|number| a_book(json!({"slug": format!("s{number}")})))
        .collect();
    let made = books.patch("plain/", json!({"objects": objects})).await;
    assert_eq!(made.status(), 202, "{made}");
    books
}

fn rows(books: &Books) -> Value {
    books.database.rows(
        "SELECT id, slug, title, pages, writer_id, shelf_id, blurb, secret FROM book ORDER BY id",
    )
}

/// Sends objects in one list, and in lists of one: both end alike, or the list with what is wrong first.
async fn compare(objects: Vec<Value>) -> u16 {
    let (together, one_by_one) = (some_books().await, some_books().await);
    let before = rows(&together);
    assert_eq!(before, rows(&one_by_one));

    let answer = together.patch("plain/", json!({"objects": objects})).await;
    let mut last = (202, String::new());
    for object in &objects {
        let answer = one_by_one
            .patch("plain/", json!({"objects": [object]}))
            .await;
        last = (answer.status(), answer.text().to_owned());
        if last.0 != 202 {
            break;
        }
    }

    assert_eq!(
        (answer.status(), answer.text()),
        (last.0, last.1.as_str()),
        "{objects:#?}"
    );
    let after = if last.0 == 202 {
        rows(&one_by_one)
    } else {
        before
    };
    assert_eq!(rows(&together), after, "{objects:#?}");
    last.0
}

#[actix_web::test]
async fn a_list_ends_as_its_objects_would_one_by_one() {
    let mut chance = Chance(1);
    let mut passed = 0;
    for round in 0..60 {
        let length = 5 + chance.below(10);
        let objects = (0..length).map(|_| chance.object(round % 3 == 0)).collect();

        passed += usize::from(compare(objects).await == 202);
    }
    assert!((5..55).contains(&passed), "{passed} of 60 lists passed");
}

#[actix_web::test]
async fn of_several_that_are_wrong_the_first_is_told() {
    let new = |slug: &str, more: Value| {
        let mut book = a_book(more);
        book["slug"] = json!(slug);
        book
    };
    let good = || ["a", "b", "c", "d"].map(|slug| new(slug, json!({})));
    let taken = new("s1", json!({}));
    let nowhere = new("e", json!({"shelf_id": 99}));
    let wrong = new("f", json!({"pages": -70_000}));

    for (tail, status) in [
        ([&taken, &wrong, &nowhere], 409),
        ([&wrong, &taken, &nowhere], 400),
        ([&nowhere, &taken, &wrong], 409),
    ] {
        let tail = tail.into_iter().cloned();

        assert_eq!(
            compare(good().into_iter().chain(tail).collect()).await,
            status
        );
    }
}

/// More than share one statement, and a rest.
#[actix_web::test]
async fn many_objects_are_made_and_changed_in_their_order() {
    let books = Books::new().await;
    let slug = |number: usize| format!("many-{number:03}");
    let made: Vec<Value> = (0..257)
        .map(|number| a_book(json!({"slug": slug(number), "pages": number})))
        .collect();
    let changed: Vec<Value> = (0..257)
        .map(|number| {
            let uri = format!("/api/v1/plain/{}/", slug(256 - number));
            json!({"resource_uri": uri, "title": format!("title {number}")})
        })
        .collect();

    let first = books.patch("plain/", json!({"objects": made})).await;
    let second = books.patch("plain/", json!({"objects": changed})).await;

    assert_eq!(
        (first.status(), second.status()),
        (202, 202),
        "{first} {second}"
    );
    let rows = books
        .database
        .rows("SELECT slug, title, pages FROM book WHERE slug LIKE 'many-%' ORDER BY id");
    let wanted: Vec<Value> = (0..257)
        .map(|number| json!([slug(number), format!("title {}", 256 - number), number]))
        .collect();
    assert_eq!(rows, json!(wanted));
}
