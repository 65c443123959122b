#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, excludes(pasword), allowed_methods(fetch), limit = 1, limit = 2, orderin(id))]
struct NoteResource {
    author: ToOne<UserResource>,
    index: Vec<String>,
    #[field(default = 0, nul)]
    words: Computed<i64>,
}

fn main() {}
