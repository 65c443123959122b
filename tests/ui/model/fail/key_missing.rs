#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::*;
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Nameless {
    name: String,
}

#[derive(Queryable, Selectable, Model)]
#[diesel(table_name = subject, check_for_backend(Db), primary_key(nam))]
struct Misnamed {
    name: String,
}

fn main() {}
