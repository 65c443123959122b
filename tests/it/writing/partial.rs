//! PATCH to an object.

use serde_json::json;

use super::{Books, refused};

#[actix_web::test]
async fn patch_sets_what_was_sent_and_nothing_else() {
    let books = Books::new().await;
    let others =
        "SELECT writer_id, shelf_id, slug, pages, blurb, secret, made FROM book WHERE id = 1";
    let before = books.database.rows(others);

    let whole = books.patch("books/1/", json!({"title": "A"})).await;
    assert_eq!(books.database.rows(others), before);
    let bare = books.patch("plain/one/", json!({"title": "B"})).await;

    assert_eq!(books.database.rows(others), before);
    assert_eq!(whole.status(), 202);
    assert_eq!(whole.json()["title"], "A");
    assert_eq!((bare.status(), bare.text()), (202, ""));
    assert_eq!(books.one("SELECT title FROM book WHERE id = 1"), "B");
    let links = books
        .database
        .rows("SELECT id FROM book_topics ORDER BY id");
    assert_eq!(links, json!([[11], [12]]));
}

/// With the switch a PATCH keeps the time, as Tastypie's does.
#[actix_web::test]
async fn patch_too_sets_what_tells_when_something_changed() {
    let books = Books::new().await;

    for (path, id) in [("books/1/", 1), ("plain/two/", 2)] {
        books
            .patch(path, json!({"title": "A"}))
            .await
            .assert_http_accepted();
        let stamp = format!("SELECT stamp > '2020-01-01' FROM book WHERE id = {id}");
        assert_eq!(books.one(&stamp), 1, "{path}");
    }
    let shown = books
        .patch("books/1/", json!({"stamp": "1999-01-01T00:00:00"}))
        .await;
    assert_eq!(shown.json()["stamp"], books.get("books/1/").await["stamp"]);
}

#[actix_web::test]
async fn an_empty_patch_changes_no_value() {
    let books = Books::new().await;
    let values = "SELECT writer_id, shelf_id, slug, title, pages, blurb, secret, made FROM book";
    let before = books.database.rows(values);

    books
        .patch("books/1/", json!({}))
        .await
        .assert_http_accepted();
    books
        .patch("plain/one/", json!({}))
        .await
        .assert_http_accepted();
    books
        .patch("nodes/left/", json!({}))
        .await
        .assert_http_accepted();

    assert_eq!(books.database.rows(values), before);
    assert_eq!(
        books.one("SELECT parent_code FROM node WHERE code = 'left'"),
        "trunk"
    );
}

#[actix_web::test]
async fn patch_makes_nothing() {
    let books = Books::new().await;

    for path in [
        "books/99/",
        "plain/none/",
        "nodes/none/",
        "items/none/",
        "books/x/",
    ] {
        let answer = books.patch(path, json!({"title": "x"})).await;
        assert_eq!(answer.status(), 404, "{answer}");
    }
    assert!(books.log().is_empty());
}

#[actix_web::test]
async fn a_relation_that_was_sent_is_set_and_one_that_was_not_stays() {
    let books = Books::new().await;

    let nobody = books.patch("books/1/", json!({"writer": null})).await;
    let tied = books
        .patch("books/1/", json!({"topics": ["/api/v1/topics/3/"]}))
        .await;
    let wrong = books
        .patch("books/1/", json!({"topics": "/api/v1/topics/3/"}))
        .await;

    assert_eq!(nobody.json()["writer"], json!(null));
    assert_eq!(
        nobody.json()["topics"],
        json!(["/api/v1/topics/1/", "/api/v1/topics/2/"])
    );
    assert_eq!(tied.json()["topics"], json!(["/api/v1/topics/3/"]));
    assert_eq!(
        tied.json()["chapters"],
        json!(["/api/v1/chapters/1/", "/api/v1/chapters/2/"])
    );
    refused(&wrong, 400, "The 'topics' field");
}
