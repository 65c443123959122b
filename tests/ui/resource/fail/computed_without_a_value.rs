#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    words: Computed<i64>,
}

fn main() {}
