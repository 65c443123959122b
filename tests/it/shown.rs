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

/// The same resource twice; all that the second does beside is to have hooks.
macro_rules! twice {
    ($($maker:ident $maker_name:literal $thing:ident $name:literal $hooks:tt)*) => {$(
        #[derive(ModelResource)]
        #[resource(model = Maker, resource_name = $maker_name)]
        struct $maker {
            #[field(reverse = thing::maker_id, null, use_in = detail)]
            things: ToMany<$thing>,
        }

        #[derive(ModelResource)]
        #[resource(model = Thing, resource_name = $name, $hooks
            serializer = Serializer::default().formats(["json", "jsonp", "xml", "yaml", "plist", "msgpack"]))]
        struct $thing {
            #[field(attribute = maker_id, null, full_list)]
            maker: ToOne<$maker>,
            #[field(default = "a thing", readonly)]
            kind: Computed<String>,
            #[field(attribute = clock, use_in = detail)]
            clock: Column<NaiveTime>,
            #[field(attribute = big, use_in = list)]
            big: Column<i64>,
        }
    )*};
}
