//! PUT, PATCH to lists: all or nothing.

use serde_json::{Value, json};
use tastyrs::prelude::Method;

use super::{Books, a_book, refused};

fn plain(slug: &str, mut more: Value) -> Value {
    more["slug"] = json!(slug);
    if more.get("title").is_none() {
        more["title"] = json!(slug);
    }
    a_book(more)
}

fn slugs(books: &Books) -> Value {
    books.database.rows("SELECT id, slug FROM book ORDER BY id")
}

#[actix_web::test]
async fn put_puts_objects_in_the_place_of_all() {
    let books = Books::new().await;
    books.run("DELETE FROM log");

    let bare = books
        .put(
            "plain/",
            json!({"objects": [plain("a", json!({"id": 1})), plain("b", json!({}))]}),
        )
        .await;

    assert_eq!((bare.status(), bare.text()), (204, ""));
    let rows = slugs(&books);
    assert_eq!((&rows[0], &rows[1][1]), (&json!([1, "a"]), &json!("b")));
    assert_eq!(rows.as_array().unwrap().len(), 2);
    // What belonged to the books went with them, or belongs to nobody.
    assert_eq!(books.one("SELECT count(*) FROM chapter"), 0);
    assert_eq!(books.one("SELECT count(*) FROM book_topics"), 0);
    assert_eq!(
        books.one("SELECT count(*) FROM loan WHERE book_id IS NULL"),
        3
    );
}

#[actix_web::test]
async fn put_puts_objects_in_the_place_of_those_that_are_asked_for() {
    let books = Books::new().await;

    let whole = books
        .put(
            "books/?pages__lt=15",
            json!({"objects": [plain("a", json!({}))]}),
        )
        .await;
    let emptied = books.put("books/?pages=20", json!({"objects": []})).await;

    assert_eq!(whole.status(), 200);
    assert_eq!(whole.json()["objects"][0]["slug"], "a");
    emptied.assert_http_ok();
    assert_eq!(slugs(&books).as_array().unwrap().len(), 1);
    assert_eq!(slugs(&books)[0][1], "a");
}

#[actix_web::test]
async fn a_put_that_fails_anywhere_leaves_all_as_it_was() {
    let books = Books::new().await;
    let before = books.everything();
    let good = || plain("good", json!({}));

    for (bad, status) in [
        (json!(7), 400),
        (json!({"slug": "x", "title": "x"}), 400),
        (plain("good", json!({})), 409),
        (plain("x", json!({"shelf_id": 99})), 409),
        (plain("x", json!({"pages": 40_000})), 400),
        (plain("x", json!({"title": "x".repeat(21)})), 400),
        (plain("x", json!({"title": "too late"})), 400),
        (plain("x", json!({"pages": -1})), 400),
        (plain("x", json!({"writer": {"name": "new"}})), 401),
        (plain("x", json!({"writer": "/api/v1/writers/9/"})), 400),
        (
            plain("x", json!({"chapters": [{"title": "a"}, {"title": "a"}]})),
            409,
        ),
        (plain("x", json!({"chapters": [{}]})), 400),
        (plain("x", json!({"topics": ["/api/v1/topics/9/"]})), 400),
        (plain("x", json!({"loans": ["/api/v1/loans/1/"]})), 401),
    ] {
        let last = books
            .put("books/", json!({"objects": [good(), good_too(), bad]}))
            .await;
        assert_eq!(last.status(), status, "{last} to {bad}");
        assert_eq!(books.everything(), before, "{bad}");
        let first = books.put("books/", json!({"objects": [bad, good()]})).await;
        assert!(first.status() >= 400, "{first} to {bad}");
        assert_eq!(books.everything(), before, "{bad}");
        let patched = books
            .patch("books/", json!({"objects": [good(), good_too(), bad]}))
            .await;
        assert_eq!(patched.status(), status, "{patched} to {bad}");
        assert_eq!(books.everything(), before, "{bad}");
    }
}

fn good_too() -> Value {
    plain("good too", json!({}))
}

#[actix_web::test]
async fn put_and_patch_with_a_filter_that_nobody_knows_are_refused() {
    let books = Books::new().await;
    let before = books.everything();

    for query in [
        "?pagess=1",
        "?x=1",
        "?pages__lt=15&titel=x",
        "?pages__nonsense=1",
        "?title=First",
    ] {
        let put = books
            .put(&format!("books/{query}"), json!({"objects": []}))
            .await;
        assert_eq!(put.status(), 400, "{put}");
    }
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn patch_makes_changes_and_deletes() {
    let books = Books::new().await;
    let sent = json!({
        "objects": [
            {"resource_uri": "/api/v1/books/1/", "title": "A"},
            plain("made", json!({})),
            plain("named", json!({"resource_uri": "/api/v1/books/50/"})),
        ],
        "deleted_objects": ["/api/v1/books/2/"],
    });

    let answer = books.patch("books/", sent).await;

    assert_eq!(answer.status(), 202, "{answer}");
    let shown = &answer.json()["objects"];
    assert_eq!(
        (&shown[0]["title"], &shown[0]["pages"]),
        (&json!("A"), &json!(10))
    );
    assert_eq!(
        (&shown[1]["slug"], &shown[2]["id"]),
        (&json!("made"), &json!(50))
    );
    let kept = books
        .database
        .rows("SELECT slug, title FROM book ORDER BY id");
    assert_eq!(
        kept,
        json!([["one", "A"], ["made", "made"], ["named", "named"]])
    );
}

#[actix_web::test]
async fn a_patch_whose_delete_fails_changes_nothing() {
    let books = Books::new().await;
    books.run("UPDATE book SET title = 'Kept' WHERE id = 2");
    let before = books.everything();

    for (deleted, status) in [
        (json!(["/api/v1/books/1/", "/api/v1/books/99/"]), 404),
        (json!(["/api/v1/books/1/", "/api/v1/books/1/"]), 404),
        (json!(["/api/v1/books/1/", "/api/v1/topics/1/"]), 404),
        (json!(["/api/v1/books/1/", 7]), 404),
        (json!(["/api/v1/books/1/", "/api/v1/books/2/"]), 403),
        (json!([null]), 404),
        (json!([["/api/v1/books/1/"]]), 404),
    ] {
        let sent = json!({"objects": [plain("made", json!({}))], "deleted_objects": deleted});
        let answer = books.patch("books/", sent).await;
        assert_eq!(answer.status(), status, "{answer} to {deleted}");
        assert_eq!(books.everything(), before, "{deleted}");
    }
}

#[actix_web::test]
async fn lists_are_lists() {
    let books = Books::new().await;
    let before = books.everything();

    for body in [
        "{}",
        "[]",
        "null",
        "{\"objects\": null}",
        "{\"objects\": {}}",
        "{\"objects\": \"x\"}",
        "{\"objects\": 1}",
        "{\"objects\": [null]}",
        "{\"objects\": [[]]}",
        "{\"objects\": [], \"deleted_objects\": 1}",
        "{\"objects\": [], \"deleted_objects\": {\"a\": 1}}",
        "{\"objects\": [{\"resource_uri\": 1}]}",
        "{\"objects\": [{\"resource_uri\": \"/nowhere/\"}]}",
    ] {
        let answer = books.send(Method::PATCH, "books/", body).await;
        assert!(matches!(answer.status(), 400 | 404), "{answer} to {body}");
    }
    for body in ["{}", "[]", "{\"objects\": {}}", "{\"objects\": [1]}"] {
        let answer = books.send(Method::PUT, "books/", body).await;
        refused(&answer, 400, "Invalid data sent");
    }
    assert_eq!(books.everything(), before);
}

/// One object may be there twice in a list, and then is what it was last.
#[actix_web::test]
async fn what_a_patch_says_twice_counts_last() {
    let books = Books::new().await;
    let uri = "/api/v1/books/1/";

    let answer = books
        .patch("books/", json!({"objects": [{"resource_uri": uri, "title": "A", "pages": 7}, {"resource_uri": uri, "title": "B"}]}))
        .await;

    assert_eq!(answer.status(), 202, "{answer}");
    assert_eq!(
        books
            .database
            .rows("SELECT title, pages FROM book WHERE id = 1"),
        json!([["B", 7]])
    );
}
