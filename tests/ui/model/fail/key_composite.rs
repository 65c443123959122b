#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::*;
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject_notes, primary_key(note_id, subject_id), check_for_backend(Db))]
struct Link {
    note_id: i32,
    subject_id: i32,
}

fn main() {}
