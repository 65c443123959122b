//! POST, and PUT where nothing is.

use serde_json::json;

use super::{Books, a_book, refused};

#[actix_web::test]
async fn a_new_object_is_answered_with_its_address_and_where_it_was_said_with_itself() {
    let books = Books::new().await;

    let bare = books.post("plain/", a_book(json!({}))).await;
    let whole = books.post("books/", a_book(json!({"slug": "other"}))).await;

    assert_eq!(bare.status(), 201);
    assert_eq!(bare.header("location"), Some("/api/v1/plain/new/"));
    assert_eq!(bare.text(), "");
    assert_eq!(whole.status(), 201);
    assert_eq!(whole.header("location"), Some("/api/v1/books/4/"));
    assert_eq!(whole.json(), books.get("books/4/").await);
}

#[actix_web::test]
async fn what_was_left_out_is_its_default_or_empty_or_null() {
    let books = Books::new().await;

    books
        .post("books/", a_book(json!({})))
        .await
        .assert_http_created();

    let rows = books
        .database
        .rows("SELECT writer_id, shelf_id, blurb, secret FROM book WHERE slug = 'new'");
    assert_eq!(rows, json!([[null, 1, "", "kept"]]));
    let recent = "SELECT count(*) FROM book WHERE slug = 'new' AND made > '2020-01-01' AND stamp > '2020-01-01'";
    assert_eq!(books.one(recent), 1);
}

#[actix_web::test]
async fn a_required_value_that_is_missing_or_null_is_named() {
    let books = Books::new().await;
    let before = books.everything();

    for name in ["slug", "title", "pages"] {
        for resource in ["books/", "plain/"] {
            let mut without = a_book(json!({}));
            without.as_object_mut().unwrap().remove(name);
            let answer = books.post(resource, without).await;
            refused(&answer, 400, &format!("The '{name}' field"));
            let answer = books.post(resource, a_book(json!({name: null}))).await;
            refused(&answer, 400, &format!("The '{name}' field"));
        }
    }
    let no_parent = books.post("chapters/", json!({"title": "x"})).await;
    refused(&no_parent, 400, "The 'book' field");
    let null_parent = books
        .post("chapters/", json!({"title": "x", "book": null}))
        .await;
    refused(&null_parent, 400, "The 'book' field");

    assert_eq!(books.everything(), before);
}

#[actix_web::test]
async fn what_is_not_shown_or_only_shown_is_never_written() {
    let books = Books::new().await;
    let sent = a_book(json!({
        "secret": "mine", "made": "1999-01-01T00:00:00", "resource_uri": "/api/v1/books/1/", "unknown": [1],
        "writer_id": 3,
    }));

    let made = books.post("books/", sent.clone()).await;
    let put = books.put("books/1/", sent).await;
    let patched = books
        .patch(
            "books/2/",
            json!({"secret": "mine", "made": "1999-01-01T00:00:00", "writer_id": 3}),
        )
        .await;

    made.assert_http_created();
    refused(&put, 409, "slug");
    patched.assert_http_accepted();
    let rows = books
        .database
        .rows("SELECT secret, made > '2020-01-01', writer_id FROM book ORDER BY id");
    assert_eq!(
        rows,
        json!([["hidden", 0, 1], ["hidden", 0, 2], ["kept", 1, null]])
    );
}

#[actix_web::test]
async fn a_client_may_choose_a_key_that_is_free() {
    let books = Books::new().await;

    let chosen = books.post("books/", a_book(json!({"id": 77}))).await;
    let taken = books
        .post("books/", a_book(json!({"id": 77, "slug": "again"})))
        .await;
    let given = books
        .post("books/", a_book(json!({"id": "", "slug": "given"})))
        .await;
    let null = books
        .post("books/", a_book(json!({"id": null, "slug": "null"})))
        .await;
    let huge = books
        .post(
            "books/",
            a_book(json!({"id": 9_000_000_000_i64, "slug": "huge"})),
        )
        .await;

    assert_eq!(chosen.header("location"), Some("/api/v1/books/77/"));
    refused(&taken, 409, "'id'");
    assert_eq!(given.header("location"), Some("/api/v1/books/78/"));
    assert_eq!(null.header("location"), Some("/api/v1/books/79/"));
    refused(&huge, 400, "'id'");
}

#[actix_web::test]
async fn put_makes_what_is_not_there_under_the_name_of_the_address() {
    let books = Books::new().await;

    let made = books.put("books/9/", a_book(json!({}))).await;
    let plain = books
        .put("plain/by%20name/", json!({"title": "T", "pages": 1}))
        .await;
    let text = books
        .put("nodes/n%C3%A9w%2Fer/", json!({"label": "x"}))
        .await;
    let other = books
        .put("books/10/", a_book(json!({"id": 11, "slug": "x"})))
        .await;
    let no_number = books.put("books/ten/", a_book(json!({"slug": "x"}))).await;
    let too_large = books
        .put("books/9000000000/", a_book(json!({"slug": "x"})))
        .await;

    assert_eq!(
        (made.status(), made.header("location")),
        (201, Some("/api/v1/books/9/"))
    );
    assert_eq!(made.json()["id"], 9);
    assert_eq!(
        (plain.status(), plain.header("location")),
        (201, Some("/api/v1/plain/by%20name/"))
    );
    assert_eq!(
        books.one("SELECT slug FROM book WHERE title = 'T'"),
        "by name"
    );
    assert_eq!(text.status(), 201);
    assert_eq!(
        books.one("SELECT count(*) FROM node WHERE code = 'néw/er'"),
        1
    );
    refused(&other, 400, "'id'");
    assert_eq!(no_number.status(), 400);
    assert_eq!(too_large.status(), 400, "{too_large}");
    assert_eq!(books.one("SELECT count(*) FROM book"), 4);
}

#[actix_web::test]
async fn text_and_uuid_keys_come_from_the_client() {
    let books = Books::new().await;
    let id = "0a1b2c3d-0000-4000-8000-000000000001";

    let node = books
        .post(
            "nodes/",
            json!({"code": "a/b ?", "parent": "/api/v1/nodes/trunk/"}),
        )
        .await;
    let again = books.post("nodes/", json!({"code": "a/b ?"})).await;
    let without = books.post("nodes/", json!({"label": "x"})).await;
    let item = books
        .post("items/", super::values::an_item(json!({"id": id})))
        .await;
    let twice = books
        .post(
            "items/",
            super::values::an_item(json!({"id": id.to_uppercase()})),
        )
        .await;
    let wrong = books
        .post("items/", super::values::an_item(json!({"id": "17"})))
        .await;

    assert_eq!(node.status(), 201, "{node}");
    let location = node
        .header("location")
        .unwrap()
        .strip_prefix("/api/v1/")
        .unwrap();
    assert_eq!(books.get(location).await["code"], "a/b ?");
    refused(&again, 409, "'code'");
    refused(&without, 400, "'code'");
    assert_eq!(
        item.header("location"),
        Some(format!("/api/v1/items/{id}/").as_str()),
        "{item}"
    );
    refused(&twice, 409, "'id'");
    assert_eq!(wrong.status(), 400, "{wrong}");
    let stored = "SELECT count(*) FROM item WHERE id = '0a1b2c3d000040008000000000000001'";
    assert_eq!(books.one(stored), 1);
}

#[actix_web::test]
async fn post_to_an_object_is_not_implemented() {
    let books = Books::new().await;

    let answer = books.post("books/1/", a_book(json!({}))).await;

    answer.assert_http_not_implemented();
}

#[actix_web::test]
async fn a_body_that_is_no_object_is_refused() {
    let books = Books::new().await;

    for body in ["", "[]", "1", "\"x\"", "null", "{", "nonsense", "[{}]"] {
        for (method, path) in [
            ("POST", "books/"),
            ("PUT", "books/1/"),
            ("PATCH", "books/1/"),
        ] {
            let method = method.parse().unwrap();
            let answer = books.send(method, path, body).await;
            assert_eq!(answer.status(), 400, "{answer} to {body}");
        }
    }
}
