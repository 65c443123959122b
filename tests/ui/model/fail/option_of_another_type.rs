#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, note};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Note {
    #[model(max_length = 10)]
    id: i32,
    #[model(decimal_places = 2)]
    title: String,
    #[model(auto_now)]
    is_active: bool,
}

fn main() {}
