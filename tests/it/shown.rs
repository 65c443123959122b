//! Rows that are shown as they were loaded are written like those that hooks see.

use bigdecimal::BigDecimal;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs::{
    prelude::*,
    serializers::Serializer,
    test::{LiveServer, TestDatabase},
};

type Db = Sqlite;

diesel::table! {
    maker (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    thing (id) {
        id -> Integer,
        maker_id -> Nullable<Integer>,
        label -> Text,
        opt_label -> Nullable<Text>,
        big -> BigInt,
        ratio -> Double,
        flag -> Bool,
        price -> Numeric,
        opt_price -> Nullable<Numeric>,
        day -> Date,
        clock -> Time,
        stamp -> Timestamp,
        blob -> Binary,
        json -> Json,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = maker, check_for_backend(Db))]
struct Maker {
    id: i32,
    name: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = thing, check_for_backend(Db))]
struct Thing {
    id: i32,
    maker_id: Option<i32>,
    label: String,
    opt_label: Option<String>,
    big: i64,
    ratio: f64,
    flag: bool,
    #[model(max_digits = 10, decimal_places = 2)]
    price: BigDecimal,
    #[model(max_digits = 10, decimal_places = 2)]
    opt_price: Option<BigDecimal>,
    day: NaiveDate,
    clock: NaiveTime,
    #[model(default = now)]
    stamp: NaiveDateTime,
    blob: Vec<u8>,
    json: serde_json::Value,
}

#[derive(ModelResource)]
#[resource(model = Maker, resource_name = "plain_makers")]
struct PlainMakerResource {
    #[field(reverse = thing::maker_id, null, use_in = detail)]
    things: ToMany<PlainResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Thing,
    resource_name = "plain",
    serializer = Serializer::default().formats(["json", "jsonp", "xml", "yaml", "plist", "msgpack"])
)]
struct PlainResource {
    #[field(attribute = maker_id, null, full_list)]
    maker: ToOne<PlainMakerResource>,
    #[field(default = "a thing", readonly)]
    kind: Computed<String>,
    #[field(use_in = detail)]
    clock: tastyrs::fields::Column<NaiveTime>,
    #[field(use_in = list)]
    big: tastyrs::fields::Column<i64>,
}

#[derive(ModelResource)]
#[resource(model = Maker, resource_name = "hooks_makers", hooks)]
struct HookedMakerResource {
    #[field(reverse = thing::maker_id, null, use_in = detail)]
    things: ToMany<HookedResource>,
}

impl Hooks for HookedMakerResource {}

/// The same as the plain one, but for hooks, which do nothing.
#[derive(ModelResource)]
#[resource(
    model = Thing,
    resource_name = "hooks",
    hooks,
    serializer = Serializer::default().formats(["json", "jsonp", "xml", "yaml", "plist", "msgpack"])
)]
struct HookedResource {
    #[field(attribute = maker_id, null, full_list)]
    maker: ToOne<HookedMakerResource>,
    #[field(default = "a thing", readonly)]
    kind: Computed<String>,
    #[field(use_in = detail)]
    clock: tastyrs::fields::Column<NaiveTime>,
    #[field(use_in = list)]
    big: tastyrs::fields::Column<i64>,
}

impl Hooks for HookedResource {}

/// Makers with their things written out, which a hook changes.
#[derive(ModelResource)]
#[resource(model = Maker, resource_name = "shelves", hooks)]
struct ShelfResource {
    #[field(reverse = thing::maker_id, null, full)]
    things: ToMany<PlainResource>,
}

impl Hooks for ShelfResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let Some(Value::List(things)) = bundle.data.get_mut("things") else {
            return Ok(());
        };
        for thing in things {
            let Value::Map(thing) = thing else {
                return Err(Error::NoObject);
            };
            let loud = thing
                .get("label")
                .and_then(Value::as_str)
                .map(str::to_uppercase);
            let names: Vec<String> = thing.iter().map(|(name, _)| name.to_owned()).collect();
            for name in names {
                if !["id", "label", "flag"].contains(&name.as_str()) {
                    thing.remove(&name);
                }
            }
            thing.insert("label", loud);
            thing.rename("flag", "is_flagged");
        }
        Ok(())
    }
}

/// Makers and things, among them what is unusual in a column.
fn serve() -> LiveServer {
    let database = TestDatabase::<Db>::in_memory().fill(|db| {
        Ok(db.batch_execute(
            r#"CREATE TABLE maker (id integer PRIMARY KEY, name text NOT NULL);
            CREATE TABLE thing (id integer PRIMARY KEY, maker_id integer, label text, opt_label text, big integer,
                ratio real, flag bool, price decimal, opt_price decimal, day date, clock time, stamp datetime, blob blob,
                json text);
            INSERT INTO maker VALUES (1, 'ada "the first"'), (2, 'chloé');
            INSERT INTO thing VALUES
                (1, 1, 'plain', 'also', 9223372036854775807, 1e-7, 1, '18.20', '0.50', '2016-02-29', '23:59:59',
                    '2010-03-19 01:18:01', X'00ff', '{"b": [1, null], "a": "ü"}'),
                (2, NULL, 'tab	line
end "quoted" \ ' || char(1, 31, 127, 8232) || ' 日本語 🍰 ' || printf('%.300c', 'x'), NULL, -9223372036854775808,
                    1e300, 0, 7, NULL, '0001-01-01', '00:00', '2010-03-19T01:18:01.5', X'', 'null'),
                (3, 2, CAST(X'61ff62' AS TEXT), '', 0, 0.1, 1, 2.5, 3, '9999-12-31', '12:30:00.120000',
                    '2010-03-19 01:18:01.120000', X'616263', '[]'),
                (4, 9, '', 'the maker is gone', 1, -0.0, 0, '-0.01', NULL, '2016-02-29', '01:02:03',
                    '2010-03-19', X'', '{}');"#,
        )?)
    });
    let api = Api::new("v1")
        .database(database.database())
        .register(PlainMakerResource::new())
        .register(PlainResource::new())
        .register(HookedMakerResource::new())
        .register(HookedResource::new())
        .register(ShelfResource::new());
    LiveServer::with_workers(&api.build().unwrap(), 1)
}

/// The body of an answer to each of two requests, with the second's names in the place of the first's.
fn both(api: &LiveServer, path: &str) -> (Vec<u8>, Vec<u8>) {
    let ask = |path: &str| {
        let answer = api.get(&format!("/api/v1/{path}"));
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        answer.body().to_vec()
    };
    let plain = ask(path);
    let mut hooked = ask(&path.replace("plain", "hooks"));
    while let Some(place) = hooked.windows(5).position(|bytes| bytes == b"hooks") {
        hooked[place..place + 5].copy_from_slice(b"plain");
    }
    (plain, hooked)
}

#[test]
fn a_row_is_written_in_every_format_as_where_a_hook_sees_it() {
    let api = serve();

    for path in [
        "plain/",
        "plain/1/",
        "plain/2/",
        "plain/3/",
        "plain/4/",
        "plain/set/4;1;4;3/",
        "plain_makers/2/",
    ] {
        for format in ["json", "jsonp", "xml", "yaml", "plist", "msgpack"] {
            let (plain, hooked) = both(&api, &format!("{path}?format={format}"));
            assert_eq!(
                String::from_utf8_lossy(&plain),
                String::from_utf8_lossy(&hooked),
                "{path} {format}"
            );
            assert_eq!(plain, hooked, "{path} {format}");
        }
    }
}

#[test]
fn what_is_unusual_in_a_column_is_written_as_it_always_was() {
    let api = serve();

    let first = api.get("/api/v1/plain/1/").text().to_owned();
    assert_eq!(
        first,
        concat!(
            r#"{"blob": "AP8=", "clock": "23:59:59", "day": "2016-02-29", "flag": true, "id": 1, "#,
            r#""json": {"a": "ü", "b": [1, null]}, "kind": "a thing", "label": "plain", "#,
            r#""maker": "/api/v1/plain_makers/1/", "opt_label": "also", "opt_price": "0.50", "price": "18.20", "#,
            r#""ratio": 1e-07, "resource_uri": "/api/v1/plain/1/", "stamp": "2010-03-19T01:18:01"}"#
        )
    );
    let list: serde_json::Value = api.get("/api/v1/plain/").json();
    let things = list["objects"].as_array().unwrap();
    assert_eq!(things[0]["big"], i64::MAX);
    assert!(things[0].get("clock").is_none());
    assert_eq!(things[0]["maker"]["name"], "ada \"the first\"");
    assert_eq!(things[1]["big"], i64::MIN);
    assert_eq!(things[1]["price"], "7.00");
    assert_eq!(things[1]["opt_price"], serde_json::Value::Null);
    assert_eq!(things[1]["stamp"], "2010-03-19T01:18:01.500000");
    let odd = things[1]["label"].as_str().unwrap();
    assert!(
        odd.starts_with("tab\tline\nend \"quoted\" \\ \u{1}\u{1f}\u{7f}\u{2028} 日本語 🍰 xxx"),
        "{odd}"
    );
    // What is no UTF-8 is marked where it stands, and does not keep the rest from being read.
    assert_eq!(things[2]["label"], "a\u{fffd}b");
    assert_eq!(things[3]["maker"], serde_json::Value::Null);
}

#[test]
fn a_hook_of_another_resource_changes_what_was_loaded() {
    let api = serve();

    let shelves = api.get("/api/v1/shelves/").text().to_owned();

    assert!(
        shelves.contains(concat!(
            r#"{"id": 1, "name": "ada \"the first\"", "resource_uri": "/api/v1/shelves/1/", "#,
            r#""things": [{"id": 1, "is_flagged": true, "label": "PLAIN"}]}"#
        )),
        "{shelves}"
    );
}

#[test]
fn a_list_that_is_read_where_the_request_is_shows_what_others_wrote_meanwhile() {
    let options = DatabaseOptions::default().write_ahead_log(true);
    let database = TestDatabase::<Db>::temporary().options(options).fill(|db| {
        Ok(db.batch_execute(
            "CREATE TABLE maker (id integer PRIMARY KEY, name text NOT NULL);
                 INSERT INTO maker VALUES (1, 'a'), (2, 'b');",
        )?)
    });
    let api = Api::new("v1")
        .database(database.database())
        .register(LoneMakerResource);
    let served = LiveServer::with_workers(&api.build().unwrap(), 1);
    let total = || {
        let list: serde_json::Value = served.get("/api/v1/makers/?limit=1").json();
        list["meta"]["total_count"].as_u64().unwrap()
    };

    // Between two writes it is asked for not at all, once, and often enough for its total to be believed.
    let mut written = 2;
    for asked in [1, 2, 3, 4, 0, 1, 0, 5, 2, 1] {
        for _ in 0..asked {
            assert_eq!(total(), written, "{asked}");
        }
        database
            .database()
            .transaction(|db| {
                Ok(diesel::insert_into(maker::table)
                    .values(maker::name.eq("another"))
                    .execute(db)?)
            })
            .unwrap();
        written += 1;
    }
    assert_eq!(total(), written);
}

#[derive(ModelResource)]
#[resource(model = Maker, resource_name = "makers")]
struct LoneMakerResource;
