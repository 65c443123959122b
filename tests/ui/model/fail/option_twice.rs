#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, subject};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Subject {
    id: i32,
    #[model(blank, max_length = 3, blank)]
    #[model(max_length = 4)]
    name: String,
}

fn main() {}
