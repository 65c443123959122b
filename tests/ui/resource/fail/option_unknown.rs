#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, exclude(title), colour = 3)]
struct NoteResource {
    #[field(attribute = author_id, nulll)]
    author: ToOne<UserResource>,
    #[field(attribute = title, default = 1)]
    words: Computed<i64>,
}

fn main() {}
