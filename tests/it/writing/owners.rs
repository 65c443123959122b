//! What is somebody's own is neither stolen nor given away.

use serde_json::json;

use super::{Books, a_book};

/// Loan 1 is of 1 (ada), loan 3 of 2 (brian).
const ADA: &str = "1";

#[actix_web::test]
async fn what_is_made_is_its_makers_own_whatever_was_sent() {
    let books = Books::new().await.by(ADA);

    for holder in [
        json!(null),
        json!("/api/v1/writers/2/"),
        json!("/api/v1/writers/1/"),
    ] {
        let made = books.post("loans/", json!({"holder": holder})).await;
        assert_eq!(
            made.json()["holder"],
            "/api/v1/writers/1/",
            "{made} to {holder}"
        );
    }
    let listed = books
        .patch(
            "loans/",
            json!({"objects": [{"holder": "/api/v1/writers/2/"}]}),
        )
        .await;
    assert_eq!(listed.status(), 202, "{listed}");
    let put = books
        .put("loans/40/", json!({"holder": "/api/v1/writers/2/"}))
        .await;
    assert_eq!(put.status(), 201, "{put}");
    let within = books
        .post(
            "books/",
            a_book(json!({"loans": [{"holder": "/api/v1/writers/2/"}]})),
        )
        .await;
    assert_eq!(within.status(), 201, "{within}");
    assert_eq!(
        books.one("SELECT count(*) FROM loan WHERE holder_id <> 1"),
        1
    );
}

/// An object in the place of the owner's address is an owner too.
#[actix_web::test]
async fn nothing_is_made_for_somebody_else_by_an_object() {
    for user in [ADA, "1 editor"] {
        for holder in [
            json!({"resource_uri": "/api/v1/writers/2/"}),
            json!({"pk": 2}),
            json!({"name": "brian"}),
            json!({"name": "brian", "rank": 7}),
            json!({"name": "newcomer"}),
        ] {
            let books = Books::new().await.by(user);
            for (method, path, data) in [
                ("POST", "loans/", json!({"holder": holder})),
                ("PUT", "loans/40/", json!({"holder": holder})),
                ("PATCH", "loans/", json!({"objects": [{"holder": holder}]})),
                (
                    "PUT",
                    "loans/?remark__isnull=x",
                    json!({"objects": [{"holder": holder}]}),
                ),
                (
                    "POST",
                    "books/",
                    a_book(json!({"loans": [{"holder": holder}]})),
                ),
            ] {
                let answer = books
                    .send(method.parse().unwrap(), path, data.to_string())
                    .await;
                let others = books.one("SELECT count(*) FROM loan WHERE holder_id <> 1");
                assert_eq!(others, 1, "{answer} to {data}");
            }
        }
    }
}

#[actix_web::test]
async fn ones_own_is_not_given_away() {
    for holder in [
        json!("/api/v1/writers/2/"),
        json!({"resource_uri": "/api/v1/writers/2/"}),
        json!({"pk": 2}),
        json!({"name": "brian", "rank": 7}),
        json!({"name": "newcomer"}),
    ] {
        for user in [ADA, "1 editor"] {
            let books = Books::new().await.by(user);
            let before = books.everything();
            let data = json!({"holder": holder});
            let listed =
                json!({"objects": [{"resource_uri": "/api/v1/loans/1/", "holder": holder}]});
            let within = json!({"loans": [{"resource_uri": "/api/v1/loans/1/", "holder": holder}]});
            for answer in [
                books.put("loans/1/", data.clone()).await,
                books.patch("loans/1/", data.clone()).await,
                books.patch("loans/", listed.clone()).await,
                books.patch("books/1/", within.clone()).await,
                books.put("books/1/", within.clone()).await,
            ] {
                assert_eq!(answer.status(), 403, "{answer} to {holder}");
                assert_eq!(books.everything(), before, "{answer} to {holder}");
            }
        }
    }
}

#[actix_web::test]
async fn what_is_anothers_is_not_taken() {
    let own = json!({"holder": "/api/v1/writers/1/", "remark": "stolen"});
    let with_address = json!({"resource_uri": "/api/v1/loans/3/", "holder": "/api/v1/writers/1/"});
    let with_key = json!({"id": 3, "holder": "/api/v1/writers/1/"});
    for user in ["", ADA, "1 editor"] {
        let books = Books::new().await.by(user);
        books.run("UPDATE loan SET book_id = 2 WHERE id = 3");
        let before = books.everything();
        for answer in [
            books.put("loans/3/", own.clone()).await,
            books.patch("loans/3/", own.clone()).await,
            books.patch("loans/3/", json!({})).await,
            books.delete("loans/3/").await,
            books
                .patch("loans/", json!({"objects": [with_address]}))
                .await,
            books.patch("loans/", json!({"objects": [with_key]})).await,
            books.post("loans/", with_key.clone()).await,
            books
                .patch(
                    "loans/",
                    json!({"objects": [], "deleted_objects": ["/api/v1/loans/3/"]}),
                )
                .await,
            // From the book's side, and from the holder's.
            books
                .patch("books/1/", json!({"loans": ["/api/v1/loans/3/"]}))
                .await,
            books
                .patch("books/1/", json!({"loans": [with_address]}))
                .await,
            books.patch("books/1/", json!({"loans": [with_key]})).await,
            books
                .patch("books/2/", json!({"loans": [with_address]}))
                .await,
            books.patch("books/2/", json!({"loans": [with_key]})).await,
            // Away from a book that it belongs to.
            books.patch("books/2/", json!({"loans": []})).await,
            books.put("books/2/", json!({"title": "x"})).await,
            books
                .patch(
                    "writers/1/",
                    json!({"loans": ["/api/v1/loans/3/", "/api/v1/loans/1/", "/api/v1/loans/2/"]}),
                )
                .await,
            books
                .patch("writers/2/", json!({"loans": ["/api/v1/loans/1/"]}))
                .await,
            books
                .put(
                    "writers/2/",
                    json!({"loans": ["/api/v1/loans/1/", "/api/v1/loans/3/"]}),
                )
                .await,
        ] {
            assert!(
                matches!(answer.status(), 401 | 403 | 409),
                "{user}: {answer}"
            );
            assert_eq!(books.everything(), before, "{user}: {answer}");
        }
    }
}

#[actix_web::test]
async fn a_list_is_emptied_of_ones_own_alone() {
    let books = Books::new().await.by(ADA);

    assert_eq!(books.delete("loans/").await.status(), 204);
    assert_eq!(books.database.rows("SELECT id FROM loan"), json!([[3]]));
    let put = books
        .put(
            "loans/",
            json!({"objects": [{"id": 3, "remark": "over it"}]}),
        )
        .await;
    assert_eq!(put.status(), 409, "{put}");
    assert_eq!(books.one("SELECT remark FROM loan"), "his");
}

#[actix_web::test]
async fn who_is_nobody_makes_nothing() {
    let books = Books::new().await;

    let answer = books
        .post("loans/", json!({"holder": "/api/v1/writers/1/"}))
        .await;

    assert_eq!(answer.status(), 401, "{answer}");
    assert_eq!(books.one("SELECT count(*) FROM loan"), 3);
}
