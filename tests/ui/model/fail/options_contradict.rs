#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, note};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Note {
    id: i32,
    #[model(auto_now, default = now)]
    created: chrono::NaiveDateTime,
}

diesel::table! {
    price (id) {
        id -> Integer,
        net -> Numeric,
        gross -> Numeric,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = price, check_for_backend(Db))]
struct Price {
    id: i32,
    #[model(max_digits = 10)]
    net: bigdecimal::BigDecimal,
    #[model(max_digits = 2, decimal_places = 4)]
    gross: bigdecimal::BigDecimal,
}

fn main() {}
