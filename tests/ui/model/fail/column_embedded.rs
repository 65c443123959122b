#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, subject};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Name {
    name: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Subject {
    id: i32,
    #[diesel(embed)]
    name: Name,
}

fn main() {}
