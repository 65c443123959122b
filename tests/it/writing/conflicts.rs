//! What goes against other rows.

use serde_json::json;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn a_value_that_must_be_unique_and_is_taken_is_named() {
    let books = Books::new().await.by("1 editor");
    let before = books.everything();

    for answer in [
        books.post("books/", a_book(json!({"slug": "one"}))).await,
        books.post("plain/", a_book(json!({"slug": "one"}))).await,
        books.put("books/2/", a_book(json!({"slug": "one"}))).await,
        books.put("books/9/", a_book(json!({"slug": "one"}))).await,
        books.patch("books/2/", json!({"slug": "one"})).await,
        books.patch("plain/two/", json!({"slug": "one"})).await,
        books
            .patch(
                "books/",
                json!({"objects": [a_book(json!({"slug": "one"}))]}),
            )
            .await,
        books
            .put(
                "books/?pages=20",
                json!({"objects": [a_book(json!({"slug": "one"}))]}),
            )
            .await,
    ] {
        refused(&answer, 409, "'slug'");
        assert!(
            !answer.text().contains("UNIQUE") && !answer.text().contains("constraint"),
            "{answer}"
        );
    }
    let together = books
        .post(
            "chapters/",
            json!({"book": "/api/v1/books/1/", "title": "in"}),
        )
        .await;
    refused(&together, 409, "'book', 'title'");
    let moved = books.patch("chapters/1/", json!({"title": "out"})).await;
    refused(&moved, 409, "'book', 'title'");
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn a_plain_column_that_refers_to_nothing_is_named_though_the_database_checks_it_at_the_end() {
    let books = Books::new().await;
    let before = books.everything();

    for (name, value) in [
        ("shelf_id", json!(99)),
        ("writer_id", json!(99)),
        ("shelf_id", json!(-1)),
    ] {
        for answer in [
            books.post("plain/", a_book(json!({name: value}))).await,
            books.put("plain/one/", json!({name: value})).await,
            books
                .put(
                    "plain/none/",
                    json!({"title": "x", "pages": 1, name: value}),
                )
                .await,
            books.patch("plain/one/", json!({name: value})).await,
            books
                .patch("plain/", json!({"objects": [a_book(json!({name: value}))]}))
                .await,
            books
                .put("plain/", json!({"objects": [a_book(json!({name: value}))]}))
                .await,
        ] {
            refused(&answer, 409, &format!("'{name}'"));
        }
    }
    let null = books.patch("plain/one/", json!({"writer_id": null})).await;
    assert_eq!(null.status(), 202, "{null}");
    books.run("UPDATE book SET writer_id = 1 WHERE id = 1; DELETE FROM log");
    let stamps = "UPDATE book SET stamp = '2010-03-19 01:18:01'; DELETE FROM log";
    books.run(stamps);
    assert_eq!(books.everything(), before);
}

/// A default that refers to nothing is found when the transaction ends.
#[actix_web::test]
async fn what_only_the_end_of_the_transaction_shows_is_a_conflict_too() {
    let books = Books::new().await;
    books.run("UPDATE book SET shelf_id = 2; DELETE FROM shelf WHERE id = 1; DELETE FROM log");
    let before = books.everything();

    let made = books.post("books/", a_book(json!({}))).await;

    assert_eq!(made.status(), 409, "{made}");
    assert!(!made.text().contains("FOREIGN"), "{made}");
    assert_eq!(books.everything(), before);
    // And the connection goes on.
    books
        .post("books/", a_book(json!({"shelf_id": 2})))
        .await
        .assert_http_created();
}

/// What is referred to by rows of which no model says anything.
#[actix_web::test]
async fn what_the_database_alone_protects_is_a_conflict() {
    let books = Books::new().await;
    books.run(
        "CREATE TABLE review (id integer PRIMARY KEY,
             book_id integer NOT NULL REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE prize (id integer PRIMARY KEY, book_id integer NOT NULL REFERENCES book (id));
         INSERT INTO review VALUES (1, 1); INSERT INTO prize VALUES (1, 2)",
    );
    let before = books.everything();

    for path in ["books/1/", "books/2/", "books/", "books/?pages=10"] {
        let answer = books.delete(path).await;
        assert_eq!(answer.status(), 409, "{answer}");
        assert_eq!(books.everything(), before, "{path}");
    }
}
