#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, note};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Note {
    id: i32,
    #[model(default = yes)]
    author_id: Option<i32>,
    #[model(default = true)]
    title: String,
    #[model(default = "yes")]
    is_active: bool,
    #[model(default = "today")]
    created: chrono::NaiveDateTime,
}

fn yes() -> String {
    "yes".to_owned()
}

fn main() {}
