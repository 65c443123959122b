#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::subject;
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject)]
struct Subject {
    id: i32,
    name: String,
}

fn main() {}
