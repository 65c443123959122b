//! DELETE, and what becomes of the rows that refer to what is deleted.

use serde_json::json;

use super::{Books, refused};

#[actix_web::test]
async fn what_belongs_to_an_object_goes_with_it_or_stays_without_it() {
    let books = Books::new().await;

    let deleted = books.delete("books/1/").await;

    assert_eq!((deleted.status(), deleted.text()), (204, ""));
    assert_eq!(books.database.rows("SELECT id FROM book"), json!([[2]]));
    assert_eq!(books.database.rows("SELECT id FROM chapter"), json!([[3]]));
    assert_eq!(books.one("SELECT count(*) FROM book_topics"), 0);
    let loans = books.database.rows("SELECT book_id FROM loan ORDER BY id");
    assert_eq!(loans, json!([[null], [null], [null]]));
    assert_eq!(books.delete("books/1/").await.status(), 404);
}

#[actix_web::test]
async fn what_others_need_stays() {
    let books = Books::new().await.by("1 editor");
    let before = books.everything();

    refused(
        &books.delete("writers/1/").await,
        409,
        "Other objects still refer",
    );
    refused(
        &books.delete("topics/1/").await,
        409,
        "Other objects still refer",
    );
    refused(
        &books.delete("writers/").await,
        409,
        "Other objects still refer",
    );
    assert_eq!(books.everything(), before);
    assert_eq!(books.delete("writers/3/").await.status(), 204);
    assert_eq!(books.delete("topics/3/").await.status(), 204);
}

#[actix_web::test]
async fn who_may_not_delete_does_not() {
    let books = Books::new().await;
    let before = books.everything();

    assert_eq!(books.delete("topics/3/").await.status(), 401);
    let books = books.by("1");
    assert_eq!(books.delete("topics/3/").await.status(), 403);
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn a_delete_of_a_list_goes_by_its_filters() {
    let books = Books::new().await;

    let none = books.delete("books/?pages__gt=1000").await;
    assert_eq!(
        (none.status(), books.one("SELECT count(*) FROM book")),
        (204, json!(2))
    );
    let some = books.delete("books/?pages__lt=15").await;

    assert_eq!(some.status(), 204);
    assert_eq!(books.database.rows("SELECT id FROM book"), json!([[2]]));
    assert_eq!(books.delete("books/").await.status(), 204);
    assert_eq!(books.one("SELECT count(*) FROM book"), 0);
}

#[actix_web::test]
async fn a_delete_by_a_filter_that_nobody_knows_deletes_nothing() {
    let books = Books::new().await;
    let before = books.everything();

    for resource in ["books/", "plain/"] {
        for query in [
            "?pagess=15",
            "?pages__ltt=15",
            "?x",
            "?=",
            "?title=First",
            "?pages=x",
            "?pages__lt=",
            "?writer__name=ada",
            "?PAGES=15",
            "?pages[]=15",
            "?limit=1&nothing=1",
            "?pages__lt=15&nothing=",
        ] {
            let answer = books.delete(&format!("{resource}{query}")).await;
            assert_eq!(answer.status(), 400, "{answer}");
            assert_eq!(books.everything(), before, "{query}");
        }
    }
}

/// A page is no filter, so a limit must not look like one.
#[actix_web::test]
async fn a_delete_of_a_page_is_refused() {
    let books = Books::new().await;
    let before = books.everything();

    for query in [
        "?limit=1",
        "?offset=1",
        "?order_by=slug",
        "?limit=1&offset=1",
    ] {
        let answer = books.delete(&format!("books/{query}")).await;
        assert_eq!(answer.status(), 400, "{answer}");
    }
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn a_tree_goes_with_its_root_and_a_ring_as_a_whole() {
    let books = Books::new().await;

    assert_eq!(books.delete("nodes/trunk/").await.status(), 204);
    assert_eq!(
        books.database.rows("SELECT code FROM node"),
        json!([["other"]])
    );
    books.run(
        "INSERT INTO node VALUES ('a', 'c', ''), ('b', 'a', ''), ('c', 'b', ''), ('d', 'c', ''), ('e', 'e', '');",
    );
    let itself = books.delete("nodes/e/").await;
    assert_eq!(itself.status(), 204, "{itself}");
    let ring = books.delete("nodes/b/").await;

    assert_eq!(ring.status(), 204, "{ring}");
    assert_eq!(
        books.database.rows("SELECT code FROM node"),
        json!([["other"]])
    );
}

/// Each was the parent of the next: what is deleted must not be followed on the stack.
#[actix_web::test]
async fn a_tree_may_be_as_deep_as_it_likes() {
    let books = Books::new().await;
    books.run(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO node SELECT 'n' || i, CASE i WHEN 1 THEN 'other' ELSE 'n' || (i - 1) END, '' FROM n;
         CREATE INDEX by_parent ON node (parent_code);",
    );

    let deep = books.delete("nodes/other/").await;

    assert_eq!(deep.status(), 204, "{deep}");
    assert_eq!(books.one("SELECT count(*) FROM node"), 3);
}
