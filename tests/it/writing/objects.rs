//! Sources without a table.

use serde_json::json;

use super::{Books, refused};

#[actix_web::test]
async fn objects_of_any_source_are_made_changed_and_deleted() {
    let books = Books::new().await;

    let made = books.post("words/", json!({"text": "a", "id": 99})).await;
    let second = books
        .post("words/", json!({"text": "b", "count": "3"}))
        .await;
    let put = books.put("words/1/", json!({"text": "c"})).await;
    let patched = books.patch("words/2/", json!({"count": 4})).await;

    assert_eq!(
        (made.status(), made.header("location")),
        (201, Some("/api/v1/words/1/"))
    );
    assert_eq!(
        made.json(),
        json!({"id": 1, "text": "a", "count": 0, "resource_uri": "/api/v1/words/1/"})
    );
    assert_eq!(second.json()["count"], 3);
    assert_eq!((put.status(), &put.json()["text"]), (200, &json!("c")));
    assert_eq!(
        (patched.status(), patched.json()),
        (
            202,
            json!({"id": 2, "text": "b", "count": 4, "resource_uri": "/api/v1/words/2/"})
        )
    );
    assert_eq!(books.delete("words/1/").await.status(), 204);
    assert_eq!(books.delete("words/1/").await.status(), 404);
    assert_eq!(books.patch("words/1/", json!({})).await.status(), 404);
    assert_eq!(books.words.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn what_is_wrong_or_missing_is_named() {
    let books = Books::new().await;

    refused(
        &books.post("words/", json!({"count": 1})).await,
        400,
        "'text'",
    );
    refused(
        &books.post("words/", json!({"text": null})).await,
        400,
        "'text'",
    );
    refused(
        &books
            .post("words/", json!({"text": "a", "count": "x"}))
            .await,
        400,
        "'count'",
    );
    refused(
        &books.post("words/", json!({"text": [], "count": 1})).await,
        400,
        "'text'",
    );
    assert!(books.words.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn lists_are_patched_replaced_and_taken_back() {
    let books = Books::new().await;
    books
        .post("words/", json!({"text": "a"}))
        .await
        .assert_http_created();

    let failed = books
        .patch(
            "words/",
            json!({"objects": [{"text": "b"}, {"text": "c"}, {"count": 1}]}),
        )
        .await;
    let kept = books.words.lock().unwrap().len();
    let undeleted = books
        .patch(
            "words/",
            json!({"objects": [{"text": "b"}], "deleted_objects": ["/api/v1/words/9/"]}),
        )
        .await;
    let still = books.words.lock().unwrap().len();
    let done = books
        .patch("words/", json!({"objects": [{"text": "b"}, {"resource_uri": "/api/v1/words/1/", "text": "z"}], "deleted_objects": []}))
        .await;

    refused(&failed, 400, "'text'");
    assert_eq!((kept, undeleted.status(), still), (1, 404, 1));
    assert_eq!(done.status(), 202, "{done}");
    let texts = |books: &Books| {
        let words = books.words.lock().unwrap();
        words
            .values()
            .map(|word| word.text.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&books), ["z", "b"]);
    let replaced = books
        .put("words/", json!({"objects": [{"text": "only"}]}))
        .await;
    assert_eq!(replaced.status(), 200, "{replaced}");
    assert_eq!(texts(&books), ["only"]);
    assert_eq!(books.delete("words/").await.status(), 204);
    assert!(books.words.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn a_source_that_cannot_says_so() {
    let books = Books::new().await;
    books
        .post("words/", json!({"text": "a"}))
        .await
        .assert_http_created();

    for answer in [
        books.post("fixed/", json!({"text": "b"})).await,
        books.put("fixed/1/", json!({"text": "b"})).await,
        books.patch("fixed/1/", json!({"text": "b"})).await,
        books.delete("fixed/1/").await,
        books.delete("fixed/").await,
        books
            .patch("fixed/", json!({"objects": [{"text": "b"}]}))
            .await,
        books
            .patch(
                "fixed/",
                json!({"objects": [], "deleted_objects": ["/api/v1/fixed/1/"]}),
            )
            .await,
    ] {
        answer.assert_http_not_implemented();
    }
    assert_eq!(books.words.lock().unwrap().len(), 1);
}
