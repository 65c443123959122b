#[path = "../../schema.rs"]
mod schema;

use schema::{Db, subject};
use tastyrs::prelude::*;

struct Name(String);

#[derive(Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Subject {
    id: i32,
    name: Name,
}

fn main() {}
