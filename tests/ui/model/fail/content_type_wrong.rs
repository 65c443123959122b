#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, subject};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
#[model(content_type = "subject")]
struct OneWord {
    id: i32,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
#[model(content_type = "kitchen.Subject")]
struct InCapitals {
    id: i32,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
#[model(content_type = kitchen::Subject)]
struct NoText {
    id: i32,
}

fn main() {}
