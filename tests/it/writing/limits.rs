//! Too much of everything.

use std::time::{Duration, Instant};

use serde_json::json;
use tastyrs::prelude::Method;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn one_relation_takes_so_many_addresses_and_no_more() {
    let books = Books::new().await;
    let before = books.everything();
    let uris = |many: usize| vec!["/api/v1/topics/1/"; many];

    let asked = Instant::now();
    let hundred_thousand = books
        .patch("books/1/", json!({"topics": uris(100_000)}))
        .await;
    let one_too_many = books
        .patch("books/1/", json!({"topics": uris(10_001)}))
        .await;
    let enough = books
        .patch("books/1/", json!({"topics": uris(10_000)}))
        .await;

    assert!(
        matches!(hundred_thousand.status(), 400 | 413),
        "{hundred_thousand}"
    );
    refused(&one_too_many, 400, "more than 10000");
    assert_eq!(
        enough.json()["topics"],
        json!(["/api/v1/topics/1/"]),
        "{enough}"
    );
    assert!(
        asked.elapsed() < Duration::from_secs(30),
        "{:?}",
        asked.elapsed()
    );
    assert_ne!(books.everything(), before);
}

#[actix_web::test]
async fn one_list_takes_so_many_objects_and_no_more() {
    let books = Books::new().await;
    let before = books.everything();
    let objects = vec![json!({}); 10_001];
    let uris = vec!["/api/v1/books/1/"; 10_001];

    let patched = books.patch("plain/", json!({"objects": objects})).await;
    let put = books.put("plain/", json!({"objects": objects})).await;
    let deleted = books
        .patch("plain/", json!({"objects": [], "deleted_objects": uris}))
        .await;

    refused(&patched, 400, "more than 10000");
    refused(&put, 400, "more than 10000");
    refused(&deleted, 400, "more than 10000");
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn a_thousand_objects_and_a_thousand_links_are_written_at_once() {
    let books = Books::new().await.by("1 editor");
    let objects: Vec<_> = (0..1_000)
        .map(|number| json!({"name": format!("topic {number}")}))
        .collect();

    let made = books.patch("topics/", json!({"objects": objects})).await;
    let uris: Vec<String> = (4..1_004)
        .map(|id| format!("/api/v1/topics/{id}/"))
        .collect();
    let tied = books.patch("books/1/", json!({"topics": uris})).await;
    let untied = books.patch("books/1/", json!({"topics": []})).await;

    assert_eq!(
        (made.status(), tied.status(), untied.status()),
        (202, 202, 202)
    );
    assert_eq!(
        books.one("SELECT count(*) FROM log WHERE what LIKE '+link%'"),
        1_000
    );
    assert_eq!(books.one("SELECT count(*) FROM book_topics"), 0);
}

#[actix_web::test]
async fn of_equal_names_the_last_counts() {
    let books = Books::new().await;
    let body = r#"{"slug": "a", "title": "x", "pages": 1, "slug": "b", "pages": 2, "writer": "nonsense", "writer": null}"#;

    let made = books.send(Method::POST, "books/", body).await;

    assert_eq!(made.status(), 201, "{made}");
    assert_eq!(
        books
            .database
            .rows("SELECT slug, pages FROM book WHERE id = 3"),
        json!([["b", 2]])
    );
}

#[actix_web::test]
async fn numbers_of_any_size_are_at_most_refused() {
    let books = Books::new().await;
    let digits = "9".repeat(100_000);

    for number in [
        digits.as_str(),
        "1e400",
        "-1e400",
        "1e-400",
        "0.1e-99999999999",
        "1E+9999999999999",
        "-0",
        "-0.0",
    ] {
        for name in [
            "pages", "shelf_id", "id", "title", "writer", "topics", "stamp",
        ] {
            let body = format!(r#"{{"slug": "n", "title": "x", "pages": 1, "{name}": {number}}}"#);
            let answer = books.send(Method::POST, "books/", body).await;
            assert!(
                matches!(answer.status(), 201 | 400 | 409),
                "{name} = {}: {answer}",
                number.get(..20).unwrap_or(number)
            );
        }
    }
    books.get("books/").await;
}

#[actix_web::test]
async fn what_does_not_fit_into_memory_is_not_read() {
    let books = Books::new().await;
    let long = "x".repeat(3_000_000);

    let answer = books.post("books/", a_book(json!({"blurb": long}))).await;

    assert_eq!(answer.status(), 413, "{}", answer.status());
}
