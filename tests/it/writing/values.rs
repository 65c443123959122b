//! What may stand in a column, and what may not.

use serde_json::{Value, json};

use super::{Books, a_book, refused};

/// An item with all that it needs, and more.
pub(super) fn an_item(more: Value) -> Value {
    let mut item = json!({
        "id": "11111111-1111-4111-8111-111111111111", "small": 1, "whole": 2, "big": 3, "single": 1.5, "ratio": 0.1,
        "flag": true, "label": "x", "price": "1.50", "day": "2010-03-19", "clock": "01:18:01",
        "stamp": "2010-03-19T01:18:01", "blob": "AAEC", "json": {"a": [1, null]}, "size": "small",
    });
    let (Value::Object(all), Value::Object(more)) = (&mut item, more) else {
        panic!("an item is an object");
    };
    all.extend(more);
    item
}

#[actix_web::test]
async fn what_was_written_is_read_again() {
    let books = Books::new().await;
    let optional = json!({
        "opt_whole": -2_147_483_648_i64, "opt_ratio": -1e-7, "opt_flag": false, "opt_label": "\u{0}é\u{1F600}",
        "opt_price": "-99999999.99", "opt_day": "0001-01-01", "opt_clock": "23:59:59.999999",
        "opt_stamp": "9999-12-31T23:59:59.999999", "opt_blob": "", "opt_json": [true, {"b": 1.5}],
        "opt_id": "22222222-2222-4222-8222-222222222222",
    });
    let sent = an_item(optional);

    let answer = books.post("items/", sent.clone()).await;

    assert_eq!(answer.status(), 201, "{answer}");
    let shown = books
        .get("items/11111111-1111-4111-8111-111111111111/")
        .await;
    for (name, value) in sent.as_object().unwrap() {
        let same = match (value, &shown[name]) {
            (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
            (one, other) => one == other,
        };
        assert!(same, "{name}: {value} became {}", shown[name]);
    }
}

#[actix_web::test]
async fn what_does_not_fit_its_column_is_refused_with_its_name() {
    let books = Books::new().await;

    for (name, values) in [
        (
            "small",
            vec![
                json!(32_768),
                json!(-32_769),
                json!("x"),
                json!([]),
                json!({}),
                json!(1e99),
            ],
        ),
        (
            "whole",
            vec![json!(2_147_483_648_i64), json!("1e3"), json!("-2147483649")],
        ),
        (
            "big",
            vec![
                json!(9_223_372_036_854_775_808_u64),
                json!("9223372036854775808"),
                json!(1e19),
            ],
        ),
        (
            "ratio",
            vec![
                json!("nan"),
                json!("inf"),
                json!("1e999"),
                json!("x"),
                json!([1]),
            ],
        ),
        ("single", vec![json!("-inf"), json!("x"), json!(1e300)]),
        (
            "label",
            vec![
                json!("x".repeat(21)),
                json!("é".repeat(21)),
                json!([]),
                json!({"a": 1}),
            ],
        ),
        (
            "day",
            vec![json!(20_100_319), json!(true), json!({}), json!([])],
        ),
        ("clock", vec![json!("25:00"), json!(1), json!("x")]),
        (
            "stamp",
            vec![
                json!("x"),
                json!(1),
                json!({"a": 1}),
                json!("2010-13-45T00:00:00"),
            ],
        ),
        ("blob", vec![json!("%%%"), json!(1), json!([0])]),
        (
            "size",
            vec![json!("medium"), json!(""), json!(1), json!(true)],
        ),
    ] {
        for value in values {
            let answer = books.post("items/", an_item(json!({name: value}))).await;
            assert_eq!(answer.status(), 400, "{answer} to {name} = {value}");
            refused(&answer, 400, &format!("'{name}'"));
        }
    }
    for (name, values) in [
        ("flag", vec![json!("yes"), json!(2), json!([])]),
        (
            "price",
            vec![
                json!("x"),
                json!("1e1000000000"),
                json!("123456789.00"),
                json!("NaN"),
                json!([]),
            ],
        ),
        ("day", vec![json!("2010-02-30"), json!("x"), json!("")]),
        ("stamp", vec![json!("")]),
        ("id", vec![json!("x"), json!(7), json!([])]),
    ] {
        for value in values {
            let answer = books.post("items/", an_item(json!({name: value}))).await;
            assert_eq!(answer.status(), 400, "{answer} to {name} = {value}");
        }
    }
    assert_eq!(books.one("SELECT count(*) FROM item"), 0);
}

#[actix_web::test]
async fn a_text_of_the_greatest_length_fits_in_any_letters() {
    let books = Books::new().await;

    let answer = books
        .post("books/", a_book(json!({"title": "é".repeat(20)})))
        .await;
    let too_long = books
        .put("books/1/", json!({"title": "x".repeat(21)}))
        .await;
    let patched = books
        .patch("plain/one/", json!({"title": "x".repeat(21)}))
        .await;

    assert_eq!(answer.status(), 201);
    refused(
        &too_long,
        400,
        "The 'title' field has at most 20 characters",
    );
    refused(&patched, 400, "The 'title' field has at most 20 characters");
}

/// Django checks what it calls positive in the database.
#[actix_web::test]
async fn what_the_database_checks_is_the_clients_mistake() {
    let books = Books::new().await.by("1 editor");
    let before = books.everything();

    let made = books
        .post("writers/", json!({"name": "new", "rank": -1}))
        .await;
    let put = books.put("writers/1/", json!({"rank": -1})).await;

    assert_eq!((made.status(), put.status()), (400, 400), "{made} {put}");
    assert!(!made.text().contains("CHECK"), "{made}");
    assert_eq!(books.everything(), before);
}
