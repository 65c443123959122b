#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, subject};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
#[model(absolute_uri = Self::url)]
struct Subject {
    id: i32,
    #[model(unqiue, max_lenght = 3, index)]
    name: String,
}

fn main() {}
