#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::*;
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Model)]
#[diesel(table_name = note, check_for_backend(Db), primary_key(is_active))]
struct Flag {
    is_active: bool,
}

fn main() {}
