#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

struct Nothing;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    #[field(attribute = author_id)]
    author: ToOne<Nothing>,
}

fn main() {}
