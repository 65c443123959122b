#[path = "../../schema.rs"]
mod schema;

use tastyrs::prelude::*;

#[derive(Model)]
#[diesel(table_name = note, check_for_backend(Db))]
enum Kind {}

#[derive(Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Tuple(i32);

#[derive(Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Borrowed<'a> {
    id: i32,
    title: &'a str,
}

fn main() {}
