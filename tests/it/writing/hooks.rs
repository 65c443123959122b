//! What a resource does itself.

use serde_json::json;
use tastyrs::{prelude::Method, test::TestDatabase};

use super::{Books, a_book, refused};

#[actix_web::test]
async fn a_hook_has_the_first_word_on_what_was_sent() {
    let books = Books::new().await.by("1");
    let renamed = json!({"slug": "new", "heading": "Renamed", "pages": 5});

    books.post("books/", renamed).await.assert_http_created();
    books
        .put("books/1/", json!({"heading": "Put"}))
        .await
        .assert_http_ok();
    let patched = books.patch("books/2/", json!({"heading": "Patched"})).await;
    let listed = books
        .patch(
            "books/",
            json!({"books": [{"slug": "list", "heading": "Listed", "pages": 1}]}),
        )
        .await;

    patched.assert_http_accepted();
    assert_eq!(listed.status(), 202, "{listed}");
    let titles = books.database.rows("SELECT title FROM book ORDER BY id");
    assert_eq!(
        titles,
        json!([["Put"], ["Patched"], ["Renamed"], ["Listed"]])
    );
}

#[actix_web::test]
async fn hydrate_changes_the_data_and_the_object() {
    let books = Books::new().await;

    books
        .post("books/", a_book(json!({"blurb": "?"})))
        .await
        .assert_http_created();
    books
        .patch("books/1/", json!({"blurb": "?"}))
        .await
        .assert_http_accepted();
    books
        .put("books/2/", json!({"blurb": "?", "shelf_id": 1}))
        .await
        .assert_http_ok();

    let rows = books
        .database
        .rows("SELECT blurb, shelf_id FROM book ORDER BY id");
    // What a client sends for a field comes after what `hydrate` did to the object.
    assert_eq!(rows, json!([["asked", 2], ["asked", 1], ["asked", 2]]));
}

#[actix_web::test]
async fn the_hook_of_a_field_is_asked_when_the_field_is_set() {
    let books = Books::new().await;

    books
        .post("books/", a_book(json!({"slug": "LOUD"})))
        .await
        .assert_http_created();
    books
        .patch("books/1/", json!({"slug": "ONE"}))
        .await
        .assert_http_accepted();
    books.run("UPDATE book SET slug = 'TWO' WHERE id = 2");
    books
        .patch("books/2/", json!({"title": "x"}))
        .await
        .assert_http_accepted();

    let shouted = books.patch("books/1/", json!({"slug": "one!"})).await;
    refused(&shouted, 400, "A slug does not shout.");
    let slugs = books.database.rows("SELECT slug FROM book ORDER BY id");
    assert_eq!(slugs, json!([["one"], ["TWO"], ["loud"]]));
}

#[actix_web::test]
async fn a_hook_goes_around_creating_and_saving() {
    let books = Books::new().await;

    books
        .post("books/?by=hook", a_book(json!({})))
        .await
        .assert_http_created();
    let late = books
        .post(
            "books/",
            a_book(json!({"slug": "late", "title": "too late"})),
        )
        .await;
    let saved = books.patch("books/1/", json!({"pages": -1})).await;
    let put = books.put("books/1/", json!({"pages": -1})).await;

    assert_eq!(
        books.one("SELECT secret FROM book WHERE slug = 'new'"),
        "by the hook"
    );
    refused(&late, 400, "It was stored, and is not.");
    assert_eq!(
        books.one("SELECT count(*) FROM book WHERE slug = 'late'"),
        0
    );
    refused(&saved, 400, "A book has pages.");
    refused(&put, 400, "A book has pages.");
}

#[actix_web::test]
async fn a_hook_keeps_what_must_not_go() {
    let books = Books::new().await;
    books.run("UPDATE book SET title = 'Kept' WHERE id = 1");

    let kept = books.delete("books/1/").await;
    let gone = books.delete("books/2/").await;

    assert_eq!((kept.status(), gone.status()), (403, 204));
    assert_eq!(books.database.rows("SELECT id FROM book"), json!([[1]]));
}

#[actix_web::test]
async fn an_endpoint_of_ones_own_is_undone_as_a_whole() {
    let books = Books::new().await;

    let clash = books.send(Method::POST, "books/pair/?second=one", "").await;
    let before = books.one("SELECT count(*) FROM book");
    let done = books.send(Method::POST, "books/pair/", "").await;

    assert_eq!((clash.status(), before), (409, json!(2)), "{clash}");
    assert_eq!(done.status(), 200, "{done}");
    assert_eq!(books.one("SELECT count(*) FROM book"), 4);
}

/// What a resource does when it saves an object it does for those within others, and for those that are gathered, too.
#[actix_web::test]
async fn a_hook_goes_around_saving_from_wherever() {
    let books = Books::new().await.by("1 editor");
    books.run("UPDATE book SET pages = -1 WHERE id = 2");
    let before = books.everything();
    let uri = "/api/v1/books/1/";

    for answer in [
        books
            .post(
                "chapters/",
                json!({"title": "x", "book": a_book(json!({"pages": -1}))}),
            )
            .await,
        books
            .patch(
                "chapters/1/",
                json!({"book": {"resource_uri": uri, "pages": -1}}),
            )
            .await,
        books
            .patch(
                "writers/1/",
                json!({"books": [{"resource_uri": uri, "pages": -1}]}),
            )
            .await,
        books
            .patch("writers/1/", json!({"books": ["/api/v1/books/2/"]}))
            .await,
        books.patch("writers/2/", json!({"books": []})).await,
    ] {
        refused(&answer, 400, "A book has pages.");
        assert_eq!(books.everything(), before, "{answer}");
    }
}

#[actix_web::test]
async fn what_a_resource_hides_is_neither_written_nor_let_go() {
    let books = Books::new().await.by("1 editor");
    books.run("UPDATE book SET title = 'Hidden' WHERE id = 1");
    let row = || {
        books
            .database
            .rows("SELECT writer_id, title, pages FROM book WHERE id = 1")
    };
    let before = row();

    assert_eq!(
        books.patch("books/1/", json!({"pages": 1})).await.status(),
        404
    );
    assert_eq!(books.delete("books/1/").await.status(), 404);
    refused(&books.put("books/1/", a_book(json!({}))).await, 409, "'id'");
    let taken = books
        .patch("writers/2/", json!({"books": ["/api/v1/books/1/"]}))
        .await;
    assert_eq!(taken.status(), 400, "{taken}");
    let within = books
        .patch(
            "writers/2/",
            json!({"books": [{"id": 1, "slug": "one", "pages": 1}]}),
        )
        .await;
    assert!(within.status() >= 400, "{within}");
    let emptied = books.patch("writers/1/", json!({"books": []})).await;
    assert_eq!(emptied.status(), 202, "{emptied}");
    assert_eq!(books.delete("books/").await.status(), 204);
    assert_eq!(row(), before);
}

#[actix_web::test]
async fn a_hook_that_panics_leaves_nothing_behind() {
    let books = Books::of(TestDatabase::temporary()).await;
    let before = books.everything();

    for _ in 0..20 {
        let panicked = books
            .post("books/", a_book(json!({"title": "panic"})))
            .await;
        assert_eq!(panicked.status(), 500, "{panicked}");
    }

    assert_eq!(books.everything(), before);
    books
        .post("books/", a_book(json!({})))
        .await
        .assert_http_created();
    assert_eq!(books.one("SELECT count(*) FROM book"), 3);
}
