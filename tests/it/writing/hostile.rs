//! Anything at all.

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Map, Value, json};
use tastyrs::prelude::Method;

use super::{Books, a_book, values::an_item};

/// Words that mean something here, so that what is sent is often nearly right.
const WORDS: [&str; 30] = [
    "",
    " ",
    "/",
    "1",
    "-1",
    "0",
    "true",
    "null",
    "nan",
    "-inf",
    "1e5",
    "1e400",
    "2010-03-19",
    "2010-03-19T01:18:01",
    "0000-00-00",
    "+099999-01-01T00:00:00",
    "24:00:00",
    "01:18:01.999999999",
    "/api/v1/books/1/",
    "/api/v1/writers/1/",
    "/api/v1/topics/1/",
    "/api/v1/nodes/trunk/",
    "/api/v1/loans/1/",
    "//////",
    "/api/v1/books/%FF/",
    "\u{0}",
    "\u{202e}é",
    "11111111-1111-4111-8111-111111111111",
    "AAAA",
    "small",
];

const NAMES: [&str; 18] = [
    "id",
    "pk",
    "resource_uri",
    "name",
    "code",
    "slug",
    "title",
    "pages",
    "writer",
    "topics",
    "chapters",
    "loans",
    "book",
    "parent",
    "children",
    "holder",
    "rank",
    "objects",
];

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS.to_vec()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop::sample::select(NAMES.to_vec()).prop_map(ToOwned::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// What one resource takes, some of it replaced by anything.
fn body(whole: Value) -> impl Strategy<Value = Value> {
    let Value::Object(whole) = whole else {
        panic!("an object is replaced in parts");
    };
    let names: Vec<String> = whole.keys().cloned().collect();
    let changes = prop::collection::vec((prop::sample::select(names), anything()), 0..4);
    (changes, prop::option::weighted(0.1, anything())).prop_map(move |(changes, instead)| {
        let mut all: Map<String, Value> = whole.clone();
        all.extend(changes);
        instead.unwrap_or(Value::Object(all))
    })
}

#[actix_web::test]
async fn whatever_is_written_is_at_most_refused_and_what_is_stored_can_be_read() {
    let books = Books::new().await.by("1 editor");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let optional = json!({
        "opt_whole": 1, "opt_ratio": 1, "opt_flag": true, "opt_label": "", "opt_price": 1, "opt_day": "2010-03-19",
        "opt_clock": "01:18", "opt_stamp": "2010-03-19", "opt_blob": "", "opt_json": 1, "opt_id": null,
    });
    let related = json!({
        "writer": "/api/v1/writers/1/", "topics": [{"name": "x"}], "chapters": [{"title": "x"}], "loans": [{"remark": "x"}],
        "id": 1, "blurb": "?", "stamp": "2010-03-19", "shelf_id": 1, "made": 1,
    });
    let resources = [
        ("books", "1", body(a_book(related)).boxed()),
        (
            "plain",
            "one",
            body(a_book(json!({"writer_id": 1, "shelf_id": 1, "id": 1}))).boxed(),
        ),
        (
            "items",
            "11111111-1111-4111-8111-111111111111",
            body(an_item(optional)).boxed(),
        ),
        (
            "nodes",
            "trunk",
            body(json!({"code": "trunk", "parent": null, "children": [], "label": ""})).boxed(),
        ),
        (
            "loans",
            "1",
            body(json!({"id": 1, "book": null, "holder": {"id": 1}, "remark": ""})).boxed(),
        ),
        (
            "chapters",
            "1",
            body(json!({"id": 1, "book": {"id": 1}, "title": ""})).boxed(),
        ),
        (
            "writers",
            "1",
            body(json!({"id": 1, "name": "", "rank": 1, "loans": []})).boxed(),
        ),
        (
            "words",
            "1",
            body(json!({"id": 1, "text": "", "count": 1})).boxed(),
        ),
    ];
    let draw = |strategy: &BoxedStrategy<Value>, runner: &mut TestRunner| {
        strategy.new_tree(runner).unwrap().current()
    };
    let uri = prop::sample::select(WORDS.to_vec())
        .prop_map(Value::from)
        .boxed();

    for round in 0..80 {
        for (name, key, strategy) in &resources {
            let one = draw(strategy, &mut runner);
            let other = draw(strategy, &mut runner);
            let list =
                json!({"objects": [one, other], "deleted_objects": [draw(&uri, &mut runner)]});
            let (list_path, path) = (format!("{name}/"), format!("{name}/{key}/"));
            for (method, path, data) in [
                (Method::POST, &list_path, &one),
                (Method::PUT, &path, &other),
                (Method::PATCH, &path, &one),
                (Method::PATCH, &list_path, &list),
                (Method::PUT, &list_path, &list),
            ] {
                let answer = books.send(method, path, data.to_string()).await;
                assert!(answer.status() < 500, "round {round}: {answer} to {data}");
            }
            let read = books.send(Method::GET, &list_path, "").await;
            assert_eq!(
                read.status(),
                200,
                "round {round}: {read} after {one}, {other}"
            );
        }
    }
    assert_eq!(books.database.rows("PRAGMA foreign_key_check"), json!([]));
}

/// Other formats have values that JSON has not, and a column of JSON takes anything.
#[actix_web::test]
async fn what_other_formats_know_can_be_read_again_as_json() {
    let books = Books::new().await;
    let rest = "id: 11111111-1111-4111-8111-111111111111\nsmall: 1\nwhole: 2\nbig: 3\nflag: true\nlabel: 2010-03-19\n\
                price: 1.50\nday: 2010-03-19\nclock: '01:18:01'\nstamp: 2010-03-19 01:18:01\nblob: !!binary AAEC\nsize: small\n";
    let bodies = [
        ".nan",
        ".inf",
        "[-.inf, .NaN]",
        "{a: 2010-03-19, b: 2010-03-19 01:18:01, c: !!binary AAEC}",
        "{1: 2, null: 3, true: 4}",
        "18446744073709551615",
        "340282366920938463463374607431768211455",
        "~",
        "\"\\0\\u2028\"",
    ];
    for (number, (single, json)) in [("1.5", "1"), (".nan", "1"), ("1e39", "1"), ("-.inf", "1")]
        .into_iter()
        .chain(bodies.map(|json| ("1.5", json)))
        .enumerate()
    {
        let body = format!("{rest}single: {single}\nratio: 0.1\njson: {json}\n");
        let answer = books
            .client
            .post("/api/v1/items/")
            .header("content-type", "text/yaml")
            .body(body)
            .await;
        assert!(answer.status() < 500, "{answer} to {number}, {json}");
        let read = books.send(Method::GET, "items/", "").await;
        assert_eq!(read.status(), 200, "{read} after {json}");
        let objects = read.json()["objects"].clone();
        assert_eq!(
            objects.as_array().map(Vec::len),
            Some(usize::from(answer.status() == 201)),
            "{read}"
        );
        books.run("DELETE FROM item");
    }
}
