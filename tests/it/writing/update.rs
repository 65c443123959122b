//! PUT to an object.

use serde_json::json;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn put_answers_204_or_with_the_object_where_it_was_said() {
    let books = Books::new().await;

    let bare = books
        .put(
            "plain/one/",
            json!({"slug": "one", "title": "A", "pages": 1}),
        )
        .await;
    let whole = books.put("books/2/", a_book(json!({"title": "B"}))).await;

    assert_eq!((bare.status(), bare.text()), (204, ""));
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.json(), books.get("books/2/").await);
    assert_eq!(books.one("SELECT title FROM book WHERE id = 1"), "A");
    assert_eq!(books.one("SELECT title FROM book WHERE id = 2"), "B");
}

/// As in Tastypie: what a PUT leaves out stays, it is not emptied.
#[actix_web::test]
async fn what_put_leaves_out_stays() {
    let books = Books::new().await.by("1");

    books
        .put("books/1/", json!({"title": "A"}))
        .await
        .assert_http_ok();

    let rows = books
        .database
        .rows("SELECT slug, title, pages, blurb, secret, shelf_id FROM book WHERE id = 1");
    assert_eq!(rows, json!([["one", "A", 10, "b", "hidden", 1]]));
}

#[actix_web::test]
async fn null_for_what_must_be_something_is_refused() {
    let books = Books::new().await;

    for name in ["slug", "title", "pages"] {
        let put = books.put("books/1/", a_book(json!({name: null}))).await;
        let patch = books.patch("plain/one/", json!({name: null})).await;
        refused(
            &put,
            400,
            &format!("The '{name}' field doesn't allow a null value."),
        );
        refused(
            &patch,
            400,
            &format!("The '{name}' field doesn't allow a null value."),
        );
    }
    assert!(books.log().is_empty());
}

#[actix_web::test]
async fn a_body_that_names_another_key_is_refused() {
    let books = Books::new().await.by("1");

    for (path, data) in [
        ("books/1/", json!({"id": 2})),
        ("books/1/", json!({"id": "2"})),
        ("books/1/", json!({"id": 2.0})),
        ("plain/one/", json!({"id": 2})),
        ("nodes/left/", json!({"code": "trunk"})),
    ] {
        refused(&books.put(path, data.clone()).await, 400, "at this address");
        refused(&books.patch(path, data).await, 400, "at this address");
    }
    books
        .put("books/1/", json!({"id": 1}))
        .await
        .assert_http_ok();
    books
        .patch("books/1/", json!({"id": "1"}))
        .await
        .assert_http_accepted();
    assert_eq!(books.one("SELECT count(*) FROM book"), 2);
}

#[actix_web::test]
async fn an_object_may_be_renamed_by_the_name_that_is_not_its_key() {
    let books = Books::new().await;

    let renamed = books.put("plain/one/", json!({"slug": "uno"})).await;

    assert_eq!(renamed.status(), 204, "{renamed}");
    assert_eq!(books.one("SELECT slug FROM book WHERE id = 1"), "uno");
    assert_eq!(books.get("plain/uno/").await["id"], 1);
    let missing = books.patch("plain/one/", json!({})).await;
    assert_eq!(missing.status(), 404);
}

#[actix_web::test]
async fn every_put_sets_what_tells_when_something_changed() {
    let books = Books::new().await;

    books
        .put("plain/one/", json!({"title": "A"}))
        .await
        .assert_http_accepted();
    books
        .put("books/2/", json!({"stamp": "1999-01-01T00:00:00"}))
        .await
        .assert_http_ok();

    assert_eq!(
        books.one("SELECT count(*) FROM book WHERE stamp > '2020-01-01' AND made < '2011-01-01'"),
        2
    );
}
