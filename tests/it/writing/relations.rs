//! Relations by address.

use serde_json::json;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn a_relation_is_set_by_the_address_of_an_object() {
    let books = Books::new().await;
    let sent = json!({
        "writer": "/api/v1/writers/3/", "topics": ["/api/v1/topics/2/", "/api/v1/topics/3/", "/api/v1/topics/2/"],
    });

    let made = books.post("books/", a_book(sent)).await;
    let absolute = books
        .patch(
            "books/1/",
            json!({"writer": "https://shop.example/other/writers/2/"}),
        )
        .await;

    assert_eq!(made.json()["writer"], "/api/v1/writers/3/");
    assert_eq!(
        made.json()["topics"],
        json!(["/api/v1/topics/2/", "/api/v1/topics/3/"])
    );
    assert_eq!(absolute.json()["writer"], "/api/v1/writers/2/");
}

#[actix_web::test]
async fn an_address_that_leads_nowhere_is_refused() {
    let books = Books::new().await.by("1");
    let before = books.everything();

    for (value, status) in [
        (json!("/api/v1/writers/99/"), 400),
        (json!("/api/v1/writers/99999999999999999999/"), 400),
        (json!("/api/v1/topics/1/"), 404),
        (json!("/api/v1/writers/schema/"), 404),
        (json!("/api/v1/writers/set/1;2/"), 404),
        (json!("/api/v1/writers/"), 404),
        (json!("1"), 404),
        (json!(""), 400),
        (json!(1), 400),
        (json!(true), 400),
        (json!(["/api/v1/writers/1/"]), 400),
        (json!({}), 400),
    ] {
        for path in ["books/1/", "books/9/"] {
            let put = books.put(path, a_book(json!({"writer": value}))).await;
            assert_eq!(put.status(), status, "{put} to {value}");
        }
        let patch = books.patch("books/1/", json!({"writer": value})).await;
        assert_eq!(patch.status(), status, "{patch} to {value}");
        let many = books
            .patch("books/1/", json!({"topics": ["/api/v1/topics/1/", value]}))
            .await;
        let is_a_topic = value == json!("/api/v1/topics/1/");
        assert_eq!(many.status() >= 400, !is_a_topic, "{many} to {value}");
        books.run(
            "UPDATE book SET stamp = '2010-03-19 01:18:01'; DELETE FROM log;
             INSERT OR IGNORE INTO book_topics VALUES (12, 1, 2); DELETE FROM log",
        );
        assert_eq!(books.everything(), before, "{value}");
    }
}

#[actix_web::test]
async fn links_that_stay_are_not_touched() {
    let books = Books::new().await.by("1");
    let topics = |ids: &[i32]| {
        let uris: Vec<String> = ids
            .iter()
            .map(|id| format!("/api/v1/topics/{id}/"))
            .collect();
        json!({"topics": uris})
    };

    books
        .patch("books/1/", topics(&[2, 1]))
        .await
        .assert_http_accepted();
    assert!(
        books.log().iter().all(|line| line == "~book 1"),
        "{:?}",
        books.log()
    );
    books.run("DELETE FROM log");
    books
        .patch("books/1/", topics(&[3, 2]))
        .await
        .assert_http_accepted();
    let by_patch = books.log();
    let mut sent = topics(&[3, 2, 1]);
    sent["loans"] = json!(["/api/v1/loans/1/"]);
    books.run("DELETE FROM log");
    books.put("books/1/", sent).await.assert_http_ok();

    assert_eq!(by_patch, ["~book 1", "-link 1-1", "+link 1-3"]);
    assert_eq!(books.log(), ["~book 1", "+link 1-1"]);
    assert_eq!(
        books.one("SELECT id FROM book_topics WHERE topic_id = 2"),
        12
    );
}

#[actix_web::test]
async fn nothing_and_an_empty_list_untie_all() {
    for nothing in [json!(null), json!([])] {
        let books = Books::new().await;

        books
            .patch("books/1/", json!({"topics": nothing}))
            .await
            .assert_http_accepted();

        assert_eq!(books.one("SELECT count(*) FROM book_topics"), 0);
    }
}

/// As in Tastypie, a PUT that leaves a relation to many out empties it, where the relation may be empty.
#[actix_web::test]
async fn a_put_without_a_relation_to_many_that_may_be_null_unties_all() {
    let books = Books::new().await.by("1");

    books
        .put("books/1/", json!({"title": "A"}))
        .await
        .assert_http_ok();

    assert_eq!(books.one("SELECT count(*) FROM book_topics"), 0);
}

#[actix_web::test]
async fn an_object_may_refer_to_itself() {
    let books = Books::new().await;

    let own = books
        .patch("nodes/other/", json!({"parent": "/api/v1/nodes/other/"}))
        .await;
    let tree = books.get("nodes/other/").await;

    assert_eq!(own.status(), 202, "{own}");
    assert_eq!(tree["parent"], "/api/v1/nodes/other/");
    assert_eq!(tree["children"], json!(["/api/v1/nodes/other/"]));
}

#[actix_web::test]
async fn a_relation_to_one_by_number_is_told_what_it_may_be() {
    let books = Books::new().await;

    let answer = books
        .post("chapters/", json!({"title": "x", "book": 1}))
        .await;

    refused(&answer, 400, "'book'");
}
