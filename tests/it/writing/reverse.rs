//! Relations whose column stands in the other table.

use serde_json::json;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn rows_are_gathered_and_let_go() {
    let books = Books::new().await.by("1");

    let gathered = books
        .patch(
            "books/2/",
            json!({"loans": ["/api/v1/loans/1/", "/api/v1/loans/2/"]}),
        )
        .await;

    assert_eq!(gathered.status(), 202, "{gathered}");
    assert_eq!(
        gathered.json()["loans"],
        json!(["/api/v1/loans/1/", "/api/v1/loans/2/"])
    );
    assert_eq!(
        books
            .log()
            .iter()
            .filter(|line| line.starts_with("~loan"))
            .count(),
        2
    );
    books.run("DELETE FROM log");
    let one = books
        .patch("books/2/", json!({"loans": ["/api/v1/loans/2/"]}))
        .await;
    assert_eq!(one.json()["loans"], json!(["/api/v1/loans/2/"]));
    assert_eq!(books.log(), ["~book 2", "~loan 1"]);
    assert_eq!(
        books.one("SELECT book_id FROM loan WHERE id = 1"),
        json!(null)
    );
}

#[actix_web::test]
async fn new_rows_belong_to_what_they_were_sent_with() {
    let books = Books::new().await.by("3");

    let made = books
        .post("books/", a_book(json!({"chapters": [{"title": "a"}, {"title": "b", "book": "/api/v1/books/1/"}], "loans": [{"remark": "x"}]})))
        .await;

    assert_eq!(made.status(), 201, "{made}");
    let chapters = books
        .database
        .rows("SELECT title, book_id FROM chapter WHERE id > 3 ORDER BY title");
    assert_eq!(chapters, json!([["a", 3], ["b", 3]]));
    let loans = books
        .database
        .rows("SELECT book_id, holder_id FROM loan WHERE id > 3");
    assert_eq!(loans, json!([[3, 3]]));
}

/// Who must belong to something stays with whom it belonged to.
#[actix_web::test]
async fn rows_that_must_belong_to_something_are_moved_and_not_let_go() {
    let books = Books::new().await;

    let moved = books
        .patch("books/2/", json!({"chapters": ["/api/v1/chapters/1/"]}))
        .await;

    assert_eq!(moved.status(), 202, "{moved}");
    let rows = books
        .database
        .rows("SELECT id, book_id FROM chapter ORDER BY id");
    assert_eq!(rows, json!([[1, 2], [2, 1], [3, 2]]));
    assert_eq!(
        books
            .log()
            .iter()
            .filter(|line| line.starts_with("~chapter"))
            .collect::<Vec<_>>(),
        ["~chapter 1"]
    );
}

#[actix_web::test]
async fn a_clash_in_what_is_gathered_is_named() {
    let books = Books::new().await;
    books.run("INSERT INTO chapter VALUES (9, 2, 'in')");
    let before = books.everything();

    let moved = books
        .patch("books/2/", json!({"chapters": ["/api/v1/chapters/1/"]}))
        .await;
    let made = books
        .patch("books/1/", json!({"chapters": [{"title": "in"}]}))
        .await;

    refused(&moved, 409, "unique together");
    refused(&made, 409, "unique together");
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn a_tree_is_rearranged_from_above() {
    let books = Books::new().await;

    let answer = books
        .patch("nodes/other/", json!({"children": ["/api/v1/nodes/leaf/", {"code": "fresh"}, {"code": "left", "label": "moved"}]}))
        .await;

    assert_eq!(answer.status(), 202, "{answer}");
    let rows = books
        .database
        .rows("SELECT code, parent_code, label FROM node ORDER BY code");
    assert_eq!(
        rows,
        json!([
            ["fresh", "other", ""],
            ["leaf", "other", ""],
            ["left", "other", "moved"],
            ["other", null, ""],
            ["trunk", null, ""]
        ])
    );
}
