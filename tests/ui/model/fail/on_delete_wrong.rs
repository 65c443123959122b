#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, Subject, note};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(on_delete(
    Subject::not_id = cascade,
    Subject::note_id = set_null,
    Subject::name = cascade,
    Subject::note_id = casade,
    note_id = protect,
))]
struct Note {
    id: i32,
}

fn main() {}
