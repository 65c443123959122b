//! Objects that are sent in place of their addresses.

use serde_json::{Value, json};
use tastyrs::prelude::Method;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn a_nested_object_is_made_before_what_refers_to_it() {
    let books = Books::new().await.by("1 editor");

    let made = books
        .post("books/", a_book(json!({"writer": {"name": "dora"}, "topics": [{"name": "new"}, "/api/v1/topics/1/"]})))
        .await;

    assert_eq!(made.json()["writer"], "/api/v1/writers/4/", "{made}");
    assert_eq!(
        made.json()["topics"],
        json!(["/api/v1/topics/1/", "/api/v1/topics/4/"])
    );
    assert_eq!(
        books
            .database
            .rows("SELECT name, rank FROM writer WHERE id = 4"),
        json!([["dora", null]])
    );
}

#[actix_web::test]
async fn a_nested_object_is_found_by_its_address_its_key_or_what_is_unique_in_it() {
    let books = Books::new().await.by("1 editor");

    for writer in [
        json!({"resource_uri": "/api/v1/writers/2/"}),
        json!({"pk": 2}),
        json!({"id": "2"}),
        json!({"name": "brian"}),
        json!({"name": "brian", "id": 2}),
    ] {
        books.run("UPDATE book SET writer_id = NULL");
        let answer = books.patch("books/1/", json!({"writer": writer})).await;
        assert_eq!(answer.json()["writer"], "/api/v1/writers/2/", "{writer}");
    }
    let changed = books
        .patch("books/1/", json!({"writer": {"name": "brian", "rank": 9}}))
        .await;
    assert_eq!(changed.status(), 202, "{changed}");
    assert_eq!(
        books
            .database
            .rows("SELECT name, rank FROM writer WHERE id = 2"),
        json!([["brian", 9]])
    );
    assert_eq!(books.one("SELECT count(*) FROM writer"), 3);
}

#[actix_web::test]
async fn what_does_not_change_needs_no_permission_and_is_not_written() {
    let books = Books::new().await.by("1");
    let writer = books.get("writers/1/").await;
    let topics = [books.get("topics/1/").await, books.get("topics/2/").await];

    let answer = books
        .patch("books/1/", json!({"writer": writer, "topics": topics}))
        .await;
    let partly = books
        .patch(
            "books/1/",
            json!({"writer": {"resource_uri": "/api/v1/writers/1/", "rank": "1"}}),
        )
        .await;

    assert_eq!(
        (answer.status(), partly.status()),
        (202, 202),
        "{answer} {partly}"
    );
    assert!(
        books.log().iter().all(|line| line == "~book 1"),
        "{:?}",
        books.log()
    );
}

#[actix_web::test]
async fn what_changes_needs_the_permission_of_its_own_resource() {
    let books = Books::new().await;
    let before = books.everything();

    for (user, status) in [("", 401), ("1", 403)] {
        let books = Books::new().await.by(user);
        for data in [
            json!({"writer": {"resource_uri": "/api/v1/writers/1/", "rank": 2}}),
            json!({"writer": {"id": 1, "name": "eve"}}),
            json!({"writer": {"name": "eve"}}),
            json!({"topics": [{"name": "eve"}]}),
            json!({"topics": [{"id": 1, "name": "eve"}]}),
        ] {
            for answer in [
                books.patch("books/1/", data.clone()).await,
                books.put("books/1/", data.clone()).await,
                books.post("books/", a_book(data.clone())).await,
                books
                    .patch("books/", json!({"objects": [a_book(data.clone())]}))
                    .await,
                books
                    .post(
                        "chapters/",
                        json!({"title": "x", "book": a_book(data.clone())}),
                    )
                    .await,
            ] {
                assert_eq!(answer.status(), status, "{answer} to {data}");
            }
        }
        assert_eq!(books.everything(), before);
    }
}

#[actix_web::test]
async fn a_nested_object_is_checked_as_any_other() {
    let books = Books::new().await.by("1 editor");
    let before = books.everything();

    for (data, status, says) in [
        (json!({"writer": {"rank": 1}}), 400, "'name'"),
        (json!({"writer": {"name": null}}), 400, "'name'"),
        (json!({"writer": {"name": "x".repeat(11)}}), 400, "'name'"),
        (json!({"writer": {"name": "x", "rank": "x"}}), 400, "'rank'"),
        (json!({"writer": {"id": 1, "name": "brian"}}), 409, "'id'"),
        (
            json!({"writer": {"resource_uri": "/api/v1/writers/1/", "name": "brian"}}),
            409,
            "'name'",
        ),
        (
            json!({"writer": {"id": 99, "name": "brian"}}),
            409,
            "'name'",
        ),
        (
            json!({"writer": {"resource_uri": "/api/v1/writers/99/"}}),
            400,
            "writers/99",
        ),
        (json!({"writer": {"resource_uri": 7}}), 400, "7"),
        (json!({"topics": [{"name": []}]}), 400, "'name'"),
        (
            json!({"chapters": [{"title": "x", "book": 1}]}),
            400,
            "'book'",
        ),
    ] {
        let answer = books.post("books/", a_book(data)).await;
        refused(&answer, status, says);
    }
    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn objects_nest_to_any_depth() {
    let books = Books::new().await;
    let mut node = json!({"code": "d0"});
    for depth in 1..15 {
        node = json!({"code": format!("d{depth}"), "parent": node});
    }

    let up = books.post("nodes/", node).await;
    let down = books
        .post("nodes/", json!({"code": "top", "children": [{"code": "mid", "children": [{"code": "low"}, "/api/v1/nodes/d14/"]}]}))
        .await;
    let both = books
        .post(
            "chapters/",
            json!({"title": "last", "book": a_book(json!({"chapters": [{"title": "first"}]}))}),
        )
        .await;

    assert_eq!(up.status(), 201, "{up}");
    assert_eq!(
        books.one("SELECT count(*) FROM node WHERE code LIKE 'd%' AND parent_code LIKE 'd%'"),
        13
    );
    assert_eq!(down.status(), 201, "{down}");
    let below = books
        .database
        .rows("SELECT code FROM node WHERE parent_code = 'mid' ORDER BY code");
    assert_eq!(below, json!([["d14"], ["low"]]));
    assert_eq!(both.status(), 201, "{both}");
    let chapters = books
        .database
        .rows("SELECT title FROM chapter WHERE book_id > 2 ORDER BY title");
    assert_eq!(chapters, json!([["first"], ["last"]]));
}

/// However deep, what is not refused is stored, and the thread has room for it.
#[actix_web::test]
async fn objects_nested_beyond_measure_are_refused() {
    for depth in [20, 40, 80, 1_000, 50_000] {
        let books = Books::new().await;
        let levels = |head: fn(usize) -> String| (0..depth).map(head).collect::<String>();
        let up = levels(|level| format!("{{\"code\": \"u{level}\", \"parent\": "));
        let down = levels(|level| format!("{{\"code\": \"d{level}\", \"children\": ["));
        let up = up + "null" + &"}".repeat(depth);
        let down = down + &"]}".repeat(depth);
        for (body, letter) in [(up, 'u'), (down, 'd')] {
            let answer = books.send(Method::POST, "nodes/", body).await;
            let count = books.one(&format!(
                "SELECT count(*) FROM node WHERE code LIKE '{letter}%'"
            ));
            match answer.status() {
                201 => assert_eq!(count, depth, "{depth}"),
                400 | 413 => assert!(depth > 40 && count == 0, "{depth}: {count} {answer}"),
                _ => panic!("{depth}: {answer}"),
            }
        }
    }
}

/// One inside of the other names it by its address; what is written last counts.
#[actix_web::test]
async fn an_object_inside_of_itself_is_still_one_object() {
    let books = Books::new().await;
    let uri = "/api/v1/nodes/left/";

    let answer = books
        .patch(
            "nodes/left/",
            json!({"label": "outer", "parent": {"resource_uri": uri, "label": "inner"}}),
        )
        .await;

    assert_eq!(answer.status(), 202, "{answer}");
    let row = books
        .database
        .rows("SELECT parent_code, label FROM node WHERE code = 'left'");
    assert_eq!(row, json!([["left", "outer"]]));
    let answered: Value = answer.json();
    assert_eq!(
        (&answered["parent"], &answered["label"]),
        (&json!(uri), &json!("outer"))
    );
}
